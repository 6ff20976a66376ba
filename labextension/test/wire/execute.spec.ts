import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  enableCollector,
  isInstalled,
  loadExtension,
  runMagic
} from '../../src/wire/execute';
import { evaluated, FakeKernel, raised } from '../fakes/kernel';

let kernel: FakeKernel;
let ids: string[];

function onSend(id: string): void {
  ids.push(id);
}

beforeEach(() => {
  kernel = new FakeKernel();
  ids = [];
});

describe('a request in the kernel', () => {
  it('leaves no trace in the history, and stops nothing', async () => {
    kernel.results = { load_extension: evaluated('None') };
    const request = vi.spyOn(kernel, 'requestExecute');
    await loadExtension(kernel.connection, onSend);
    expect(request.mock.calls).toEqual([
      [
        {
          code: '',
          silent: true,
          store_history: false,
          allow_stdin: false,
          stop_on_error: false,
          user_expressions: { memkit: expect.any(String) as string }
        }
      ]
    ]);
  });

  it('is sent again if a cell that failed took it with it', async () => {
    kernel.aborts = 2;
    kernel.results = { load_extension: evaluated('None') };
    expect(await loadExtension(kernel.connection, onSend)).toBeNull();
    expect(ids).toEqual(['ours-1', 'ours-2', 'ours-3']);
  });

  it('says that the kernel has ended if that took it with it', async () => {
    const done = Promise.reject(
      new Error('Canceled future for execute_request')
    );
    vi.spyOn(kernel, 'requestExecute').mockReturnValue({
      msg: { header: { msg_id: 'ours-1' } },
      done
    });
    await expect(
      runMagic(kernel.connection, onSend, 'memfree', '')
    ).rejects.toThrow('The kernel ended before this was done.');
  });

  it('is known by its id before it is answered', () => {
    void loadExtension(kernel.connection, onSend);
    expect(ids).toEqual(['ours-1']);
  });
});

describe('isInstalled', () => {
  it('finds the package without importing it', async () => {
    kernel.results = { find_spec: evaluated('True') };
    expect(await isInstalled(kernel.connection, onSend)).toBe(true);
    expect(kernel.executed[0]).not.toContain('import jupyter_memkit');
    expect(kernel.executed[0]).not.toContain('__import__("jupyter_memkit")');
  });

  it('is false if there is no such package', async () => {
    kernel.results = { find_spec: evaluated('False') };
    expect(await isInstalled(kernel.connection, onSend)).toBe(false);
  });

  it.each([
    ['fails', raised('ModuleNotFoundError', 'importlib')],
    ['is dropped', { status: 'aborted' }],
    ['is answered with nothing', { status: 'ok', user_expressions: {} }],
    [
      'is answered with another form of data',
      { status: 'ok', user_expressions: { memkit: { status: 'ok', data: 1 } } }
    ]
  ])('is unknown if the request %s', async (_name, result) => {
    kernel.results = { find_spec: result };
    expect(await isInstalled(kernel.connection, onSend)).toBeNull();
  });
});

describe('loadExtension', () => {
  it('loads the extension as %load_ext does', async () => {
    kernel.results = { load_extension: evaluated('None') };
    expect(await loadExtension(kernel.connection, onSend)).toBeNull();
    expect(kernel.executed[0]).toMatch(
      /extension_manager\.load_extension\("jupyter_memkit"\)$/
    );
  });

  it('returns what was raised', async () => {
    kernel.results = { load_extension: raised('ImportError', 'no psutil') };
    expect(await loadExtension(kernel.connection, onSend)).toBe(
      'ImportError: no psutil'
    );
  });

  it('returns that the kernel did not do it', async () => {
    kernel.results = { load_extension: { status: 'aborted' } };
    expect(await loadExtension(kernel.connection, onSend)).toBe(
      'The kernel replied "aborted".'
    );
  });

  it('returns an error that has no name', async () => {
    kernel.results = {
      load_extension: { status: 'ok', user_expressions: { memkit: 'broken' } }
    };
    expect(await loadExtension(kernel.connection, onSend)).toBe('Error: ');
  });
});

describe('runMagic', () => {
  it.each([
    ['memguard', 'auto', 'run_line_magic("memguard", "auto")'],
    ['memfree', '', 'run_line_magic("memfree", "")'],
    ['gc_pause', 'off', 'run_line_magic("gc_pause", "off")']
  ])('runs %%%s %s', async (name, line, call) => {
    kernel.results = { run_line_magic: evaluated('None') };
    expect(await runMagic(kernel.connection, onSend, name, line)).toBeNull();
    expect(kernel.executed).toEqual([
      `__import__("IPython").get_ipython().${call}`
    ]);
  });

  it('passes a line as a single string, whatever it contains', async () => {
    await runMagic(kernel.connection, onSend, 'memguard', '"), quit(), ("');
    expect(kernel.executed[0]).toMatch(
      /run_line_magic\("memguard", "\\"\), quit\(\), \(\\""\)$/
    );
  });

  it('returns what the magic raised', async () => {
    kernel.results = { run_line_magic: raised('UsageError', 'no such mark') };
    expect(await runMagic(kernel.connection, onSend, 'memguard', '?')).toBe(
      'UsageError: no such mark'
    );
  });
});

describe('enableCollector', () => {
  it('undoes gc.disable(), whatever the user has named gc', async () => {
    kernel.results = { enable: evaluated('None') };
    expect(await enableCollector(kernel.connection, onSend)).toBeNull();
    expect(kernel.executed).toEqual(['__import__("gc").enable()']);
  });
});
