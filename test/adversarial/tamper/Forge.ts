import { Wallet } from 'ethers';
import { addVersion, revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { send } from '../../../cli/chain/send.ts';
import { consortiumAbi } from '../../../coordinator/chain/abi.ts';
import type { Manifest } from '../../../core/manifest/Manifest.ts';
import {
  decodeReceipt,
  decodeStatement,
  encodeReceipt,
  type ReceiptDocument,
  type StatementDocument,
} from '../../../core/statements/documents.ts';
import { digestOf, sign } from '../../../core/statements/sign.ts';
import { domain, type ReceiptMessage, type UpdateMessage } from '../../../core/statements/types.ts';
import type { Address, Digest } from '../../../core/values.ts';
import type { Changes } from '../../integration/audit/reportOn.ts';
import { type Cheat, type Opening, Scene } from '../../integration/audit/Scene.ts';
import { addressOf, type World, type WorldMember } from '../../integration/chain/world.ts';
import { drawnUpdate } from '../../support/finishedStudy.ts';

/** What the reader of an altered study has; left out, its node and all of its files. */
export interface Reading extends Changes {
  /** In place of the forge's own. */
  readonly scene?: Scene;
}

/** A key that nobody ever listed. */
export const STRANGER = `0x${'17'.repeat(32)}`;

/** What a member rotates its key to. */
const NEXT = `0x${'2a'.repeat(32)}`;

/**
 * A study with one honest round, and the hands of whoever alters the next: the coordinator's key, and those of members
 * that help it. Whatever is made here hangs together as far as these keys reach.
 */
export class Forge {
  readonly world: World;
  readonly scene: Scene;

  private constructor(world: World, scene: Scene) {
    this.world = world;
    this.scene = scene;
  }

  static async start(world: World): Promise<Forge> {
    const forge = new Forge(world, await new Scene(world).open());
    await forge.scene.round();
    return forge;
  }

  /** One to alter, on a chain that is put back afterwards: keys, datasets, code and records are as they were. */
  async tried<T>(alter: (forge: Forge) => Promise<T>): Promise<T> {
    const before = await this.world.rpc.request('evm_snapshot', []);
    try {
      return await alter(new Forge(this.world, this.scene.copy()));
    } finally {
      await this.world.rpc.request('evm_revert', [before]);
    }
  }

  /** Another study, of the same members, that begins otherwise; nothing is recorded in it. */
  async reopened(opening: Opening): Promise<Scene> {
    return await new Scene(this.world).open(opening);
  }

  member(slot: number): WorldMember {
    const member = this.world.members[slot - 1];
    if (member === undefined) throw new RangeError(`there is no slot ${slot}`);
    return member;
  }

  /** An update that no member made, as a file of the study. */
  drawn(seed: number): Digest {
    return this.scene.put(drawnUpdate(this.scene.plan.plan, 100 + seed, seed));
  }

  file(of: Digest | undefined): Uint8Array {
    const bytes = of === undefined ? undefined : this.scene.files.get(of);
    if (bytes === undefined) throw new RangeError(`the study has no file ${of}`);
    return bytes;
  }

  statement(round: number, slot: number): StatementDocument {
    return decodeStatement(this.file(this.scene.rounds[round - 1]?.statements[slot - 1]));
  }

  /** As the member keeps it. */
  receipt(round: number, slot: number): ReceiptDocument {
    return decodeReceipt(this.file(this.scene.rounds[round - 1]?.receipts[slot - 1]));
  }

  /** A receipt that is signed anew, with something in it changed. */
  resigned(
    { message }: ReceiptDocument,
    change: Partial<ReceiptMessage>,
    key = this.world.coordinatorKey.privateKey,
  ): ReceiptDocument {
    const promised = { ...message, ...change };
    return { message: promised, signature: sign(key, this.#domain, 'Receipt', promised) };
  }

  /** A receipt for a statement of another round, as if it were of this one. */
  receiptFor(round: number, statement: UpdateMessage): Digest {
    const { study, slot, baseModel, update, samples } = statement;
    const message = { study, round, slot, baseModel, update, samples };
    const digest = digestOf('Update', this.#domain, statement);
    const recordBy = Math.floor(Date.now() / 1000) + 86_400;
    const promised = { ...message, statement: digest, recordBy };
    const signature = sign(this.world.coordinatorKey.privateKey, this.#domain, 'Receipt', promised);
    return this.scene.put(encodeReceipt({ message: promised, signature }));
  }

  async withdraw(slot: number): Promise<void> {
    const { provider, contracts } = this.world;
    await revoke(provider, this.member(slot).account, contracts.dataUse, {
      study: this.scene.study,
      slot: this.member(slot).slot,
    });
  }

  async anchor(
    slot: number,
    version: { readonly dataset: Digest; readonly root: Digest; readonly rows: number },
  ): Promise<void> {
    const { account, slot: of } = this.member(slot);
    await addVersion(this.world.provider, account, this.world.contracts.dataUse, { slot: of, ...version });
  }

  /** Gives a member another key; the one before signs nothing more that counts, a round later. */
  async rekey(slot: number, key = NEXT): Promise<string> {
    const { provider, contracts } = this.world;
    await setKey(provider, this.member(slot).account, contracts.consortium, addressOf(new Wallet(key)));
    await this.later();
    return key;
  }

  async revokeKey(slot: number): Promise<void> {
    const data = consortiumAbi.encodeFunctionData('revokeKey', [this.member(slot).key.address, true]);
    await send(this.world.provider, this.member(slot).account, { to: this.world.contracts.consortium, data });
  }

  /** Gives a contract another code, as if it had been deployed so. */
  async recode(contract: Address, change: (code: string) => string): Promise<void> {
    const { rpc } = this.world;
    const code = String(await rpc.request('eth_getCode', [contract, 'latest']));
    const other = change(code);
    if (other === code) throw new RangeError('the code is as it was');
    await rpc.request('anvil_setCode', [contract, other]);
  }

  /** Times of validity are whole seconds. */
  async later(): Promise<void> {
    await this.world.rpc.request('evm_increaseTime', [10]);
    await this.world.mine();
  }

  get #domain() {
    return domain(this.world.chainId, this.scene.ledger);
  }
}

/** Of the entry of one slot alone. */
export function of<T extends { readonly slot: number }>(slot: number, change: (honest: T) => T): (honest: T) => T {
  return (honest) => (honest.slot === slot ? change(honest) : honest);
}

/** A record in which one slot's entry says something else. */
export function entry(slot: number, change: Partial<Parameters<NonNullable<Cheat['entries']>>[0][number]>): Cheat {
  return { entries: (entries) => entries.map(of(slot, (honest) => ({ ...honest, ...change }))) };
}

/** A manifest in which one slot's line says something else. */
export function line(slot: number, change: Partial<Manifest['entries'][number]>): Cheat {
  return { manifest: (m) => ({ ...m, entries: m.entries.map(of(slot, (honest) => ({ ...honest, ...change }))) }) };
}

export function flipped(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[out.length - 1] = (out[out.length - 1] ?? 0) ^ 1;
  return out;
}
