import type {
  ChainGrant,
  ChainKey,
  ChainMember,
  ChainRound,
  ChainStudy,
  ChainView,
  Contracts,
} from '../../coordinator/chain/port.ts';
import { type Address, address, type Digest, digest, instant, type Slot, type StudyId } from '../../core/values.ts';

/** A chain that says what a test writes into it. */
export class FakeChain implements ChainView {
  readonly chainId = 31_337;
  readonly contracts: Contracts = {
    consortium: address(`0x${'c0'.repeat(20)}`),
    dataUse: address(`0x${'da'.repeat(20)}`),
    ledger: address(`0x${'1e'.repeat(20)}`),
  };
  readonly studies = new Map<StudyId, ChainStudy>();
  readonly rosters = new Map<StudyId, Slot[]>();
  readonly members = new Map<Slot, ChainMember>();
  readonly keys = new Map<Address, ChainKey>();
  /** By `study/slot`. */
  readonly grants = new Map<string, ChainGrant>();
  /** By `slot/dataset/root`. */
  readonly versions = new Map<string, number>();
  readonly records = new Map<StudyId, ChainRound[]>();
  readonly operators = new Set<Address>();
  /** Thrown by every question while it is set. */
  failure: Error | null = null;

  async finalBlock() {
    return this.say({ number: 1, hash: digest(`0x${'b1'.repeat(32)}`), timestamp: instant(0) });
  }
  async study(id: StudyId) {
    return this.say(this.studies.get(id) ?? null);
  }
  async roster(study: StudyId) {
    return this.say(this.rosters.get(study) ?? []);
  }
  async member(slot: Slot) {
    return this.say(this.members.get(slot) ?? null);
  }
  async key(key: Address) {
    return this.say(this.keys.get(key) ?? null);
  }
  async keyOf(account: Address) {
    const current = [...this.keys.values()].find(({ owner, validTo }) => owner === account && validTo === null);
    return this.say(current?.key ?? null);
  }
  async grant(study: StudyId, slot: Slot) {
    return this.say(this.grants.get(`${study}/${slot}`) ?? null);
  }
  async versionRows(slot: Slot, dataset: Digest, root: Digest) {
    return this.say(this.versions.get(`${slot}/${dataset}/${root}`) ?? null);
  }
  async roles(who: Address) {
    const slot = this.keys.get(who)?.slot ?? null;
    return this.say({ operator: this.operators.has(who), auditor: false, slot });
  }
  async rounds(study: StudyId) {
    return this.say(this.records.get(study) ?? []);
  }
  async salt(study: StudyId) {
    // Of no meaning here; the head serves as one.
    return this.say(this.studies.get(study)?.head ?? null);
  }
  async studiesOf(coordinator: Address) {
    return this.say(
      [...this.studies.values()].filter((study) => study.coordinator === coordinator).map(({ id }) => id),
    );
  }
  async totals() {
    return this.say({ rounds: 0, samples: 0 });
  }

  private say<T>(answer: T): T {
    if (this.failure !== null) throw this.failure;
    return answer;
  }
}
