import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../deploy/tfjs-native/command.ts';
import { install } from '../../../deploy/tfjs-native/install.ts';
import { unpackWheel } from '../../../deploy/tfjs-native/unpackWheel.ts';
import { wheelFor } from '../../../deploy/tfjs-native/wheels.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { FakeTools, LOCK } from './fakeTools.ts';
import { FILES, listed, zip } from './fakeWheel.ts';

const folder = temporaryFolders();
const BYTES = zip(FILES);
const NODE = 'node_modules/@tensorflow/tfjs-node';

/** A checkout in which npm left tfjs-node out, and what runs the build in it. */
async function checkout() {
  const root = await folder();
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(LOCK));
  await mkdir(join(root, 'node_modules', 'zod'), { recursive: true });
  const tools = new FakeTools();
  tools.wheel = BYTES;
  const path = (...parts: string[]) => join(root, ...parts);
  const build = (given?: string) => {
    const options = { root, wheel: listed(BYTES), given, cache: path('cache') };
    return install(options, { run: tools.run, say: () => {} });
  };
  return { tools, path, build, modules: () => readdir(path('node_modules')) };
}

describe('the native build', () => {
  test('puts tfjs-node, its library, its binding and all that it needs in place, and nothing else', async () => {
    const { tools, path, build, modules } = await checkout();
    expect(await build()).toEqual({ outcome: 'built', tensorflow: '9.9.9' });
    expect(tools.called).toEqual(['g++', 'python3', 'npm', 'g++', 'node']);
    expect(await modules()).toEqual(['@tensorflow', 'tar', 'zod']);
    expect(existsSync(path('node_modules/tar/node_modules/yallist/package.json'))).toBe(true);
    expect(await readFile(path(NODE, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe('binding');
    expect(await readFile(path(NODE, 'deps/lib/libtensorflow.so'), 'utf8')).toBe('the library '.repeat(500));
    expect(await readdir(path('cache'))).toEqual(['tf-9.9.9.whl']);
  });

  test('asks npm for no more than tfjs-node needs and its headers, none of it optional', async () => {
    const { tools, path, build } = await checkout();
    await build();
    expect(JSON.parse(await readFile(path('node_modules/tar/package.json'), 'utf8'))).not.toHaveProperty('optional');
    expect(tools.called.filter((name) => name === 'npm')).toHaveLength(1);
  });

  test('done before, runs nothing', async () => {
    const { tools, build } = await checkout();
    await build();
    tools.called.length = 0;
    expect(await build()).toEqual({ outcome: 'there', tensorflow: '9.9.9' });
    expect(tools.called).toEqual([]);
  });

  test.each([
    [
      'the binding is another',
      (path: (...parts: string[]) => string) => appendFile(path(NODE, 'lib/napi-v8/tfjs_binding.node'), '!'),
    ],
    [
      'a library was cut short',
      (path: (...parts: string[]) => string) => writeFile(path(NODE, 'deps/lib/libtensorflow_framework.so.2'), ''),
    ],
    [
      'a package that it needs is gone',
      (path: (...parts: string[]) => string) => rm(path('node_modules/tar'), { recursive: true }),
    ],
    [
      'it was built from another wheel',
      async (path: (...parts: string[]) => string) => {
        const stamp = path(NODE, 'syndic-native.json');
        await writeFile(stamp, (await readFile(stamp, 'utf8')).replace(/"wheel": "../, '"wheel": "00'));
      },
    ],
  ])('is done again where %s', async (_, spoil) => {
    const { tools, path, build, modules } = await checkout();
    await build();
    await spoil(path);
    tools.called.length = 0;
    expect(await build()).toMatchObject({ outcome: 'built' });
    // The wheel was kept.
    expect(tools.called).toEqual(['g++', 'npm', 'g++', 'node']);
    expect(await build()).toMatchObject({ outcome: 'there' });
    expect((await modules()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('leaves alone what npm itself installed, if it loads, unless a wheel is given', async () => {
    const { tools, path, build } = await checkout();
    for (const at of ['tar/node_modules/yallist', '@tensorflow/tfjs-node/lib/napi-v8'])
      await mkdir(path('node_modules', at), { recursive: true });
    await writeFile(path(NODE, 'lib/napi-v8/tfjs_binding.node'), 'downloaded');
    tools.tensorflow = '2.9.1';
    expect(await build()).toEqual({ outcome: 'npm', tensorflow: '2.9.1' });
    await writeFile(path('brought.whl'), BYTES);
    expect(await build(path('brought.whl'))).toMatchObject({ outcome: 'built' });
  });

  test('refuses a wheel of another digest, given or fetched, and names both; nothing is built or kept', async () => {
    const { tools, path, build, modules } = await checkout();
    const other = zip({ ...FILES, 'tensorflow/more.py': '' });
    tools.wheel = other;
    await writeFile(path('other.whl'), other);
    const [expected, found] = [listed(BYTES).sha256, listed(other).sha256];
    const refusal = { code: 'DIGEST_MISMATCH', message: expect.stringContaining(`${expected}, found ${found}`) };
    await expect(build(path('other.whl'))).rejects.toMatchObject(refusal);
    await expect(build()).rejects.toMatchObject(refusal);
    expect(await modules()).toEqual(['zod']);
    expect(await readdir(path('cache'))).toEqual([]);
    expect(tools.called).not.toContain('npm');
  });

  test('fetches anew what lies damaged in the cache', async () => {
    const { tools, path, build } = await checkout();
    await mkdir(path('cache'));
    await writeFile(path('cache', 'tf-9.9.9.whl'), BYTES.subarray(1));
    await build();
    expect(tools.called).toContain('python3');
    expect(await readFile(path('cache', 'tf-9.9.9.whl'))).toEqual(BYTES);
  });

  test.each([
    ['has no compiler', { lacking: ['g++'] }, 'DEPENDENCY_UNAVAILABLE'],
    ['has no Python', { lacking: ['python3'] }, 'DEPENDENCY_UNAVAILABLE'],
    ['does not load what was built', { tensorflow: null }, 'RUN_FAILED'],
  ])('changes nothing on a machine that %s', async (_, faults, code) => {
    const { tools, build, modules } = await checkout();
    Object.assign(tools, faults);
    await expect(build()).rejects.toMatchObject({ code });
    expect(await modules()).toEqual(['zod']);
  });
});

describe('a wheel', () => {
  test('gives its libraries and headers, at the names that the linker asks for', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'a.whl'), BYTES);
    await unpackWheel(join(dir, 'a.whl'), join(dir, 'deps'));
    const files = (await readdir(join(dir, 'deps'), { recursive: true, withFileTypes: true })).filter((f) =>
      f.isFile(),
    );
    expect(files.map(({ name }) => name).sort()).toEqual([
      'c_api.h',
      'ctstring.h',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect(await readFile(join(dir, 'deps/include/tensorflow/c/c_api.h'), 'utf8')).toBe('#define C_API');
    expect(await readlink(join(dir, 'deps/lib/libtensorflow.so'))).toBe('libtensorflow_cc.so.2');
  });

  test('without a library, or that is none, is an error that says so', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'a.whl'), zip({ 'tensorflow/libtensorflow_cc.so.2': 'x' }));
    await writeFile(join(dir, 'b.whl'), 'no archive');
    const refusal = { code: 'DOCUMENT_INVALID' };
    await expect(unpackWheel(join(dir, 'a.whl'), join(dir, 'deps'))).rejects.toMatchObject(refusal);
    await expect(unpackWheel(join(dir, 'b.whl'), join(dir, 'deps'))).rejects.toMatchObject(refusal);
  });

  test('is chosen by processor, on Linux with glibc; elsewhere the error says what to do', () => {
    const linux = { platform: 'linux', glibc: '2.36' };
    expect(wheelFor({ ...linux, arch: 'x64' }).file).toContain('x86_64');
    expect(wheelFor({ ...linux, arch: 'arm64' }).file).toContain('aarch64');
    const others = [
      { ...linux, arch: 'ppc64' },
      { ...linux, arch: 'x64', glibc: undefined },
      { ...linux, arch: 'x64', glibc: '2.17' },
      { platform: 'darwin', arch: 'arm64', glibc: undefined },
    ];
    for (const machine of others) expect(() => wheelFor(machine)).toThrow('--backend wasm');
  });
});

test('a program that is not there is an error that says what to install', async () => {
  const error = { code: 'DEPENDENCY_UNAVAILABLE', message: expect.stringContaining('not on this machine') };
  await expect(runCommand('no-such-compiler', [], { cwd: '/' })).rejects.toMatchObject(error);
  const failed = { code: 'RUN_FAILED', message: expect.stringContaining('the reason') };
  const script = 'console.error("the reason"); process.exit(3)';
  await expect(runCommand(process.execPath, ['-e', script], { cwd: '/' })).rejects.toMatchObject(failed);
});
