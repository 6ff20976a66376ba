import { beforeEach, describe, expect, it, vi } from 'vitest';

import { readLanguage } from '../../src/wire/language';
import { FakeKernel } from '../fakes/kernel';

let kernel: FakeKernel;

beforeEach(() => {
  kernel = new FakeKernel();
});

function silence(): void {
  vi.spyOn(kernel, 'info', 'get').mockReturnValue(new Promise(() => undefined));
}

describe('readLanguage', () => {
  it('returns what the kernel reports, in lower case', async () => {
    kernel.language = 'R';
    expect(await readLanguage(kernel.connection)).toBe('r');
  });

  it('returns what is specified while the kernel is silent', async () => {
    silence();
    kernel.spec = Promise.resolve({ language: 'Python' });
    expect(await readLanguage(kernel.connection)).toBe('python');
  });

  it('waits for the kernel if nothing is specified', async () => {
    silence();
    let language: string | null = null;
    void readLanguage(kernel.connection).then(found => {
      language = found;
    });
    await new Promise(resolve => setTimeout(resolve));
    expect(language).toBeNull();
  });

  it('fails if the kernel is lost', async () => {
    vi.spyOn(kernel, 'info', 'get').mockReturnValue(
      Promise.reject(new Error('gone'))
    );
    await expect(readLanguage(kernel.connection)).rejects.toThrow('gone');
  });
});
