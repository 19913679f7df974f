import { startGcs } from '@trainyard/testkit/clouds/fake-gcs.ts';
import { cloudStoreContract } from '../cloud-store.contract.ts';

cloudStoreContract('Google Cloud Storage', startGcs);
