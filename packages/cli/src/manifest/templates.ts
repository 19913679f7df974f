/** A manifest to begin with. */
export interface Template {
  readonly name: string;
  readonly about: string;
  /** YAML, with what has to be filled in between < and >. */
  readonly text: string;
}

const connection = (name: string, about: string, fields: string): Template => ({ name, about, text: `kind: Connection\nid: my-${name.replace('-connection', '')}\nspec:\n${fields}` });

/** In the order of the list. Each is a manifest that `trainyard apply` accepts once it is filled in. */
export const TEMPLATES: readonly Template[] = [
  {
    name: 'training',
    about: 'a directory with an MLproject, beside this file',
    text: `kind: ModelTraining
id: my-training
spec:
  model: { name: my-model, version: "1.0" }
  toolchain: mlflow            # or command, with args: [program, argument]
  entrypoint: main
  hyperParameters:
    alpha: 0.5
  envs:
    - { name: COLOUR, value: green }
  resources:
    limits: { cpu: "2", memory: 4Gi }
  # without algorithmSource the directory of this file is packed and uploaded
`,
  },
  {
    name: 'training-from-git',
    about: 'code behind a connection, data from another, the model put to a third',
    text: `kind: ModelTraining
id: my-training
spec:
  model: { name: my-model, version: "1.0" }
  toolchain: mlflow
  algorithmSource:
    vcs: { connection: my-git, reference: main }
  workDir: path/in/the/repository
  data:
    - { connection: my-s3, localPath: data/ }
  outputConnection: my-s3
`,
  },
  {
    name: 'toolchain',
    about: 'a program of your own that trains',
    text: `kind: ToolchainIntegration
id: my-toolchain
spec:
  entrypoint: /opt/my-toolchain/bin/train
  defaultImage: registry.example.org/my-toolchain:1
  additionalEnvironments:
    COLOUR: green
`,
  },
  connection('git-connection', 'a repository, by SSH', '  type: git\n  uri: git@git.example.org:me/wine.git\n  reference: main\n  keySecretFile: deploy-key      # private key without a passphrase\n'),
  connection('git-https-connection', 'a repository, by HTTPS', '  type: git\n  uri: https://git.example.org/me/wine.git\n  tokenFile: token\n'),
  connection('s3-connection', 'Amazon S3, or what speaks it', '  type: s3\n  uri: s3://bucket/path\n  region: eu-central-1\n  keyID: <key id>\n  keySecretFile: secret-key\n  # endpoint: https://s3.example.org\n  # pathStyle: true\n'),
  connection('gcs-connection', 'Google Cloud Storage', '  type: gcs\n  uri: gs://bucket/path\n  region: europe-west1\n  keySecretFile: service-account.json\n'),
  connection('azureblob-connection', "Azure's blob storage", '  type: azureblob\n  uri: container/path\n  keySecretFile: sas-url\n'),
  connection('hdfs-connection', "Hadoop's file system, by WebHDFS", '  type: hdfs\n  uri: hdfs://namenode.example.org:9870/path\n  username: me\n'),
  connection('http-connection', 'one file by its URL', '  type: http\n  uri: https://files.example.org/data.csv\n  # checksum: sha256:<64 hex digits>\n'),
  connection('local-connection', 'a directory of the machine that trains', '  type: local\n  uri: /data/wine\n'),
  connection('docker-connection', 'credentials of a container registry', '  type: docker\n  uri: registry.example.org/me\n  username: me\n  passwordFile: password\n'),
];
