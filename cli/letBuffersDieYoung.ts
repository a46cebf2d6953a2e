import { setFlagsFromString } from 'node:v8';

/**
 * For a process that passes large files on. V8 (12.4, `Heap::IncrementalMarkingLimitReached`) counts the buffers made since
 * the last collection of the whole heap against the room that the heap has to grow: with some 45 MB of objects that is
 * 24 MB, so that every few dozen messages the whole heap is marked, although nearly all buffers are dead by the next
 * collection of young objects, which comes every 32 MB. Twice the heap's size as room leaves it to the latter: a round of
 * 64 MiB models took 37 whole collections of the coordinator and takes 8, and a bit over half of the time.
 */
export function letBuffersDieYoung(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
