import type { Kernel } from '@jupyterlab/services';

/**
 * The language of the kernel, in lower case.
 *
 * A busy kernel reports it only when its cell ends, so its specification is
 * read too.
 */
export async function readLanguage(
  kernel: Kernel.IKernelConnection
): Promise<string> {
  const told = kernel.info.then(info => info.language_info.name);
  const specified = kernel.spec.then(spec => spec?.language ?? told);
  return (await Promise.race([told, specified])).toLowerCase();
}
