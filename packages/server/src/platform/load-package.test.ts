import { describe, expect, it } from 'vitest';
import { loadPackages } from './load-package.ts';

const MISSING = '@trainyard/there-is-no-such-package';

describe('packages that are loaded on demand', () => {
  it('are named with the command that installs them when they are missing', async () => {
    await expect(loadPackages('s3://bucket', [MISSING], () => import(MISSING))).rejects.toMatchObject({ code: 'MISSING_PACKAGE', message: `s3://bucket needs npm packages that are not installed: ${MISSING}`, hint: `install them beside Trainyard (npm install ${MISSING}) and start again` });
  });

  it('do not hide another mistake', async () => {
    await expect(loadPackages('s3://bucket', [], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
