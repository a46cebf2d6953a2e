import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StoreConfig } from '../models/openStore.ts';
import type { Beginning, FromThread, ToThread } from './messages.ts';

/** A worker thread that answers one job at a time with a stream of blocks. */
export class Thread {
  readonly #worker: Worker;
  readonly #received: FromThread[] = [];
  #wake: () => void = () => {};
  #death: Error | null = null;
  /** A job was begun whose end was not read yet. */
  #busy = false;

  constructor(store: StoreConfig) {
    this.#worker = new Worker(join(import.meta.dirname, 'aggregationThread.ts'), { workerData: store });
    // It alone keeps no process alive.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => {
      this.#received.push(message);
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`aggregation thread ended with ${code}`)));
  }

  get alive(): boolean {
    return this.#death === null;
  }

  /** Begins a job; its blocks come from `next`. */
  start(message: Beginning): void {
    this.#busy = true;
    this.#send(message);
  }

  /** The job's next block; null after the last. @throws SyndicError as the thread found it */
  async next(): Promise<Uint8Array | null> {
    const message = await this.#message();
    if (message.type !== 'block') this.#busy = false;
    if (message.type === 'end') return null;
    if (message.type === 'fault') throw new SyndicError(message.code, message.message, message.details);
    this.#send({ type: 'more' });
    return message.bytes;
  }

  /** Lets the thread drop what it works on, and waits until it did. */
  async stop(): Promise<void> {
    if (!this.#busy) return;
    this.#send({ type: 'stop' });
    while ((await this.#message()).type === 'block');
    this.#busy = false;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  async #message(): Promise<FromThread> {
    for (;;) {
      const message = this.#received.shift();
      if (message !== undefined) return message;
      if (this.#death !== null) {
        throw new SyndicError('INTERNAL', `aggregation broke off: ${this.#death.message}`, {}, { cause: this.#death });
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #die(error: Error): void {
    this.#death ??= error;
    this.#wake();
  }
}
