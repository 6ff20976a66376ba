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
  const reported = kernel.info.then(info => info.language_info.name);
  const specified = kernel.spec.then(spec => spec?.language ?? reported);
  return (await Promise.race([reported, specified])).toLowerCase();
}
