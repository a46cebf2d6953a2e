import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkPromises } from '../../../docs/check-promises.ts';
import { foundryTests, testTitles } from '../../../docs/testTitles.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();

describe('titles of tests', () => {
  test('are those of test and it, plain, by cases or in groups that run', () => {
    const source = `
      test('plain', () => {});
      it("double", async () => {});
      test.each([1, 2])('case %i', (n) => {});
      test.each\`a\${'b'}\`(\`template\`, () => {});
      describe.each([[1]])('a group %s', () => { test('in a group of cases', () => {}); });
      needs('data heart', hasData('heart'))('a group', () => { test('where something is needed', () => {}); });
      export function suite() { describe('shared', () => { test('of a suite', body); }); }`;
    const inside = ['in a group of cases', 'where something is needed', 'of a suite'];
    expect([...testTitles(source)]).toEqual(['plain', 'double', 'case %i', 'template', ...inside]);
  });

  test.each([
    ['in a comment', "// test('x', () => {});"],
    ['in a string', `const code = "test('x', () => {});"; const title = 'x';`],
    ['skipped', "test.skip('x', () => {});"],
    ['skipped by cases', "test.skip.each([1])('x', () => {});"],
    ['skipped in the old way', "xit('x', () => {});"],
    ['still to do', "test.todo('x');"],
    ['bound to fail', "test.failing('x', () => {});"],
    ['in a group that is skipped', "describe.skip('group', () => { test('x', () => {}); });"],
    ['without a body', "test('x');"],
    ['of a group', "describe('x', () => {});"],
    ['of something else', "step('x', () => {}); it.each;"],
  ])('are not what is %s', (_, source) => {
    expect([...testTitles(source)]).toEqual([]);
  });

  test('of Foundry are public functions that it runs, not names in comments and strings', () => {
    const source = `contract T {
      // function test_Comment() public {}
      /* function test_Block() public {} */
      string s = "function test_String() public {}";
      function test_Runs(uint256 x) public view { }
      function invariant_Holds() external { }
      function test_Internal() internal { }
      function helper() public { }
      function test_Abstract() external;
    }`;
    expect([...foundryTests(source)]).toEqual(['test_Runs', 'invariant_Holds']);
  });
});

describe('a promise', () => {
  async function faults(proof: string): Promise<string[]> {
    const root = await folder();
    mkdirSync(join(root, 'test'));
    writeFileSync(join(root, 'package.json'), JSON.stringify({ scripts: { lint: 'true' } }));
    writeFileSync(join(root, 'test', 'a.test.ts'), "test('stands', () => {}); test.skip('is skipped', () => {});");
    writeFileSync(join(root, 'test', 'none.test.ts'), "test.todo('stands');");
    writeFileSync(join(root, 'test', 'A.t.sol'), 'contract A { function test_Stands() public {} }');
    return checkPromises(`| promise | proof |\n| --- | --- |\n| it holds | ${proof} |\n`, root).faults;
  }

  test.each(['`test/a.test.ts` "stands"', '`test/a.test.ts`', '`test/A.t.sol` "test_Stands"', '`npm run lint`'])(
    'stands by %s',
    async (proof) => expect(await faults(proof)).toEqual([]),
  );

  test.each([
    ['`test/a.test.ts` "stand"', 'runs no test "stand"'],
    ['`test/a.test.ts` "is skipped"', 'runs no test "is skipped"'],
    ['`test/none.test.ts`', 'runs no test'],
    ['`test/gone.test.ts` "stands"', 'there is no file'],
    ['`test/A.t.sol` "test_Stand"', 'runs no test "test_Stand"'],
    ['`npm run gone`', 'no script "gone"'],
    ['`npm test`', 'no script "test"'],
    ['nothing at all', 'names no proof'],
  ])('falls with %s', async (proof, why) => {
    expect(await faults(proof)).toEqual([expect.stringContaining(why)]);
  });
});
