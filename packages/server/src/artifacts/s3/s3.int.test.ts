import { startS3 } from '@trainyard/testkit/clouds/s3proxy.ts';
import { cloudStoreContract } from '../cloud-store.contract.ts';

cloudStoreContract('S3', startS3);
