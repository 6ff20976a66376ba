import type { Kernel } from '@jupyterlab/services';

/**
 * What the kernel speaks, in lower case.
 *
 * A busy kernel does not tell before its cell ends; its specification does.
 */
export async function readLanguage(
  kernel: Kernel.IKernelConnection
): Promise<string> {
  const told = kernel.info.then(info => info.language_info.name);
  const specified = kernel.spec.then(spec => spec?.language ?? told);
  return (await Promise.race([told, specified])).toLowerCase();
}
