import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { parseTour } from '../wire/parse';

/**
 * Copy the notebooks of the course to the user's files, where none is replaced.
 *
 * Resolves to the path of the first one, or to `null` if the server does not have the
 * extension, or another version of it. Rejects with the server's reason if they cannot
 * be copied.
 */
export async function copyTour(
  settings: ServerConnection.ISettings,
  makeRequest: typeof ServerConnection.makeRequest
): Promise<string | null> {
  const url = URLExt.join(settings.baseUrl, 'jupyter_memkit/tour');
  const response = await makeRequest(url, { method: 'POST' }, settings);
  const isJson =
    response.headers.get('Content-Type')?.includes('json') ?? false;
  if (!isJson) {
    return null;
  }
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  const parsed = parseTour(await response.json());
  return parsed.type === 'tour' ? parsed.path : null;
}
