import { startAzure } from '@trainyard/testkit/clouds/azurite.ts';
import { cloudStoreContract } from '../cloud-store.contract.ts';

cloudStoreContract('Azure', startAzure);
