import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { parseReply } from './parse';
import type { Act, Unload } from './protocol';
import type { Answer } from './questions';

// More failures in a row are not those of cells.
const ATTEMPTS_MAX = 10;

/**
 * Called with the id of each request before it is sent.
 */
type OnSend = (messageId: string) => void;

/**
 * Whether the package can be imported in the kernel; `null` if there was no
 * answer.
 *
 * Finds the package without importing it. Waits for a running cell.
 */
export async function isInstalled(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend
): Promise<boolean | null> {
  const answer = await evaluate(
    kernel,
    onSend,
    '__import__("importlib.util").util.find_spec("jupyter_memkit") is not None'
  );
  return answer.text === null ? null : answer.text === 'True';
}

/**
 * Load the extension into the kernel; returns why it failed, or `null`.
 */
export async function loadExtension(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend
): Promise<string | null> {
  const { error } = await evaluate(
    kernel,
    onSend,
    '__import__("IPython").get_ipython().extension_manager' +
      '.load_extension("jupyter_memkit")'
  );
  return error;
}

/**
 * Run a magic of the kit; returns why it failed, or `null`.
 *
 * The names and lines are the page's own: nothing that a user typed is evaluated.
 */
export async function runMagic(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend,
  name: string,
  line: string
): Promise<string | null> {
  const { error } = await evaluate(
    kernel,
    onSend,
    '__import__("IPython").get_ipython()' +
      `.run_line_magic(${JSON.stringify(name)}, ${JSON.stringify(line)})`
  );
  return error;
}

/**
 * Undo `gc.disable()`; returns why it failed, or `null`.
 */
export async function enableCollector(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend
): Promise<string | null> {
  const { error } = await evaluate(kernel, onSend, '__import__("gc").enable()');
  return error;
}

/**
 * Change a variable, or unload a library, after the running cell; throws an error if
 * that is impossible.
 *
 * The request is a literal in the expression, so nothing in it is evaluated.
 */
export async function act(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend,
  request: Act | Unload
): Promise<Answer> {
  const literal = JSON.stringify(JSON.stringify(request));
  const answer = await evaluate(
    kernel,
    onSend,
    '__import__("jupyter_memkit.channel.acting", fromlist=["act"])' +
      `.act(${literal})`
  );
  if (answer.error !== null) {
    throw new Error(answer.error);
  }
  return parseReply(answer.json);
}

interface IAnswer {
  text: string | null;
  json: unknown;
  error: string | null;
}

/**
 * Evaluate an expression without affecting the user's history or execution
 * counts.
 *
 * A cell that fails or is interrupted takes all requests with it that wait for its end.
 * The user chose this one apart from the cell, so it is sent again.
 */
async function evaluate(
  kernel: Kernel.IKernelConnection,
  onSend: OnSend,
  expression: string
): Promise<IAnswer> {
  let content: KernelMessage.IExecuteReplyMsg['content'];
  let attempts = 0;
  do {
    const future = kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      allow_stdin: false,
      stop_on_error: false,
      user_expressions: { memkit: expression }
    });
    onSend(future.msg.header.msg_id);
    try {
      ({ content } = await future.done);
    } catch (cause) {
      // JupyterLab cancels what waits for a process that ends.
      throw new Error('The kernel ended before this was done.', { cause });
    }
    attempts += 1;
  } while (content.status === 'aborted' && attempts < ATTEMPTS_MAX);
  if (content.status !== 'ok') {
    const error = `The kernel replied "${content.status}".`;
    return { text: null, json: null, error };
  }
  const result: unknown = content.user_expressions['memkit'];
  if (textOf(result, 'status') === 'ok') {
    const data = recordOf(recordOf(result)['data']);
    return {
      text: textOf(data, 'text/plain'),
      json: data['application/json'],
      error: null
    };
  }
  const [name, value] = [textOf(result, 'ename'), textOf(result, 'evalue')];
  const error = `${name ?? 'Error'}: ${value ?? ''}`;
  return { text: null, json: null, error };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown, key: string): string | null {
  const text = recordOf(value)[key];
  return typeof text === 'string' ? text : null;
}
