import { identityIfAny } from '../../http/identity.ts';
import type { OdahuRoute } from './route.ts';

/** ODAHU's words for somebody who sent no token. */
const ANONYMOUS = { email: 'anonymous@email.org', username: 'anonymous' };

export function userInfoRoutes(): OdahuRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/user/info',
      tag: 'User',
      summary: 'Whose token this is',
      access: 'optional',
      status: 200,
      gives: 'UserInfo',
      handle: async ({ request }) => {
        const identity = identityIfAny(request);
        if (identity === undefined || (identity.kind === 'user' && identity.tokenId === 'local')) return ANONYMOUS;
        return identity.kind === 'user' ? { email: identity.email ?? '', username: identity.name } : { email: '', username: `run ${identity.runId}` };
      },
    },
  ];
}
