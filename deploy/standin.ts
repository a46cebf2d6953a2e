// `node standin.ts DIR`: the four hospitals' synthetic rows, for the demonstration.
import { generateStandIn } from '../examples/heart/standin.ts';

const [, , dir] = process.argv;
if (dir === undefined) throw new Error('usage: standin.ts DIR');
await generateStandIn(0, dir);
