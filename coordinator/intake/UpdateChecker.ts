import { SyndicError } from '../../core/errors/SyndicError.ts';
import { FiniteScanner } from '../../core/tensors/FiniteScanner.ts';
import { headerLength, LENGTH_BYTES, parseHeader } from '../../core/tensors/header.ts';
import { saltOf } from '../../core/tensors/salt.ts';
import { sameSpecs } from '../../core/tensors/TensorSpec.ts';
import { ZERO_DIGEST } from '../../core/values.ts';
import type { ExpectedFile } from './ExpectedFile.ts';

/**
 * Checks an update's bytes as they come, in chunks of any size: the head as soon as it is there, then every element.
 * Holds the head only.
 */
export class UpdateChecker {
  private readonly expected: ExpectedFile;
  private readonly scanner = new FiniteScanner();
  /** Bytes of the head so far; null once it was checked. */
  private head: Buffer | null = Buffer.alloc(0);

  constructor(expected: ExpectedFile) {
    this.expected = expected;
  }

  /** @throws SyndicError TENSORS_INVALID, TENSORS_MISMATCH, SALT_MISSING, NOT_FINITE */
  push(chunk: Uint8Array): void {
    if (this.head === null) this.scan(chunk);
    else this.collect(Buffer.concat([this.head, chunk]));
  }

  private collect(head: Buffer): void {
    this.head = head;
    if (head.byteLength < LENGTH_BYTES) return;
    const dataStart = headerLength(head);
    if (head.byteLength < dataStart) return;
    this.checkHead(head.subarray(0, dataStart));
    this.head = null;
    this.scan(head.subarray(dataStart));
  }

  private checkHead(head: Uint8Array): void {
    const { specs, metadata } = parseHeader(head);
    if (!sameSpecs(specs, this.expected.specs)) {
      throw new SyndicError(
        'TENSORS_MISMATCH',
        "update's tensors are not the base model's: send the same names, shapes and dtypes",
      );
    }
    if (saltOf(metadata) === ZERO_DIGEST) {
      throw new SyndicError('SALT_MISSING', "update's salt is zero: take 32 bytes from the system's random source");
    }
  }

  private scan(data: Uint8Array): void {
    const element = this.scanner.push(data);
    if (element === null) return;
    throw new SyndicError(
      'NOT_FINITE',
      `element ${element} of the update (from 0, in file order) is NaN or infinite: train with a smaller step`,
      { element },
    );
  }
}
