import type { IActed, IHolders, IUnloaded } from '../wire/protocol';
import type { Answer } from '../wire/questions';

/**
 * What came of something that the user asked for.
 */
export type Outcome =
  | IActed
  | IHolders
  | IUnloaded
  | { readonly type: 'failed'; readonly message: string | null }
  | { readonly type: 'later' };

/**
 * What came of a request, by its answer.
 */
export function outcomeOf(answer: Answer): Outcome {
  switch (answer?.type) {
    case 'acted':
    case 'holders':
    case 'later':
    case 'unloaded':
      return answer;
    case 'refused':
    case 'unavailable':
      return { type: 'failed', message: answer.message };
    default:
      return { type: 'failed', message: null };
  }
}
