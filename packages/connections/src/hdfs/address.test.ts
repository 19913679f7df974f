import { describe, expect, it } from 'vitest';
import { hdfsAddress } from './address.ts';

describe('addresses of HDFS', () => {
  it.each([
    ['hdfs://name:8020/data/x', '', 'http://name:9870/webhdfs/v1', 'data/x'],
    ['hdfs://name/data/', '', 'http://name:9870/webhdfs/v1', 'data/'],
    ['hdfs://name:14000/data', '', 'http://name:14000/webhdfs/v1', 'data'],
    ['webhdfs://name:50070/data', '', 'http://name:50070/webhdfs/v1', 'data'],
    ['swebhdfs://name:9871/data', '', 'https://name:9871/webhdfs/v1', 'data'],
    ['https://name:9871/webhdfs/v1/data/50%', '', 'https://name:9871/webhdfs/v1', 'data/50%'],
    ['http://[::1]:9870/', '', 'http://[::1]:9870/webhdfs/v1', ''],
    ['hdfs://cluster/data', 'https://knox:8443/gateway/default/webhdfs/v1/', 'https://knox:8443/gateway/default/webhdfs/v1', 'data'],
    ['hdfs://cluster/data', 'https://knox:8443/gateway/default', 'https://knox:8443/gateway/default/webhdfs/v1', 'data'],
  ])('reads %s with the endpoint %j', (uri, endpoint, base, path) => {
    const address = hdfsAddress({ uri, endpoint });
    expect([address?.base.href, address?.path]).toEqual([base, path]);
  });

  it.each(['', 'name/data', 'hdfs://', 'hdfs://user@name/', 'ftp://name/'])('reads no address in %j', (uri) => {
    expect(hdfsAddress({ uri })).toBeUndefined();
  });
});
