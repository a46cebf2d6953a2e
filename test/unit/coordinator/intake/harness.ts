import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { createIntake } from '../../../../coordinator/intake/intake.ts';
import type { Intake, Upload } from '../../../../coordinator/intake/port.ts';
import { createFilesystemStore } from '../../../../coordinator/models/filesystem.ts';
import type { ModelStore } from '../../../../coordinator/models/port.ts';
import type { Crash } from '../../../../coordinator/modules.ts';
import { silentLog } from '../../../support/silentLog.ts';
import { eventsOf, type StudyEvent, storedState } from '../../../support/storedState.ts';
import { type Member, type SentUpdate, TestConsortium } from '../../../support/testConsortium.ts';

/** What a process has that dies with it, beside what stays. */
export class IntakeWorld {
  readonly consortium: TestConsortium;
  readonly woken: string[] = [];
  intake: Intake;
  models: ModelStore;
  private readonly db: Database;
  readonly dir: string;

  private constructor(db: Database, dir: string, models: ModelStore, consortium: TestConsortium) {
    this.db = db;
    this.dir = dir;
    this.models = models;
    this.consortium = consortium;
    this.intake = this.create();
  }

  static async start(db: Database, elements?: number): Promise<IntakeWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'syndic-intake-'));
    const consortium = new TestConsortium(elements);
    const models = await createFilesystemStore({ dir });
    await consortium.seed(db, models);
    return new IntakeWorld(db, dir, models, consortium);
  }

  /** A new process: nothing in memory is carried over. */
  async restart(crash?: Crash): Promise<void> {
    this.models = await createFilesystemStore({ dir: this.dir });
    this.intake = this.create(crash);
  }

  stop(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }

  begin(member: Member, sent: SentUpdate, more: { offset?: number; length?: number } = {}): Promise<Upload> {
    const { length = sent.file.length, offset = 0 } = more;
    const { statement, report } = sent;
    return this.intake.begin(member.slot, { task: member.task, statement, report, length, offset });
  }

  async send(member: Member, sent: SentUpdate, chunkBytes = 64): Promise<Uint8Array> {
    const upload = await this.begin(member, sent);
    for (let at = 0; at < sent.file.length; at += chunkBytes) {
      await upload.chunk(at, sent.file.subarray(at, at + chunkBytes));
    }
    return upload.finish();
  }

  /** Everything of this study that an intake may change, save events. */
  snapshot(): Promise<unknown> {
    return storedState(this.db, this.dir, this.consortium.study);
  }

  events(): Promise<StudyEvent[]> {
    return eventsOf(this.db, this.consortium.study);
  }

  private create(crash?: Crash): Intake {
    const { coordinator, chain, clock } = this.consortium;
    const domain = { chainId: chain.chainId, ledger: chain.contracts.ledger };
    const queue = {
      wake: async (study: string) => {
        this.woken.push(study);
      },
    };
    const modules = { db: this.db, chain, models: this.models, queue, clock, log: silentLog };
    return createIntake(
      { coordinatorKey: coordinator.key, domain },
      crash === undefined ? modules : { ...modules, crash },
    );
  }
}
