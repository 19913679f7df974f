import { envelope, list, object, text, textMap, texts } from './fields.ts';

const amounts = (description: string) => object({ gpu: text('Whole devices'), cpu: text('Cores, as in Kubernetes'), memory: text('Bytes, as in Kubernetes') }, description);

/** ModelTraining as its clients send it, with the spellings of releases before 1.5. */
export const TrainingBody = envelope(
  object({
    model: object({
      name: text('Name of the model'),
      version: text('Version of the model'),
      artifactNameTemplate: text('File name of the trained model binary, over .Name, .Version, .RandomUUID and .CommitID'),
    }),
    toolchain: text('Id of a toolchain integration'),
    envs: list(object({ name: text('Name'), value: text('Value') }), 'Environment variables of the training'),
    hyperParameters: textMap('Parameters of the training, by name'),
    workDir: text('Where it runs, relative to the root of the source'),
    entrypoint: text('Entry point of the MLproject'),
    args: texts('Arguments of the program'),
    algorithmSource: object(
      {
        vcs: object({ connection: text('Id of a connection of the type git'), reference: text("Branch, tag or commit; the connection's own when absent") }),
        objectStorage: object({ connection: text('Id of a connection'), path: text('From the root of the bucket; the path of the connection when absent') }),
      },
      'Where the code comes from; exactly one of them',
    ),
    vcsName: text('Older spelling of algorithmSource.vcs.connection'),
    reference: text('Older spelling of algorithmSource.vcs.reference'),
    outputConnection: text('Id of the connection that the trained model binary is put to'),
    image: text("Container image, for engines that run containers; the toolchain's own when absent"),
    resources: object({ limits: amounts('The most it may take'), requests: amounts('What it needs to start') }),
    data: list(
      object({
        connection: text('Id of a connection'),
        connName: text('Older spelling of connection'),
        localPath: text('Where it is put, inside of the source; with a slash at its end it is a directory'),
        remotePath: text('From the root of the bucket; the path of the connection when absent'),
      }),
      'Files that are fetched into the source, in this order',
    ),
    nodeSelector: textMap('Labels of the machines it may run on'),
  }),
);

/** Fields of a spec that ODAHU has no word for: its clients cannot send them back, so they stay when a call does not name them. */
export const OWN_FIELDS = ['engine', 'project', 'secretEnvs', 'priority', 'timeout', 'retry', 'register', 'environment', 'experiment', 'databricks'] as const;

export const TrainingResultBody = object({
  runId: text('Id of the MLflow run'),
  artifactName: text('File name of the trained model binary'),
  commitID: text('Commit of the source'),
});
