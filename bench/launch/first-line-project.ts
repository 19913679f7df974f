/** An MLflow project whose program writes down when its first line ran, and by which Python. */
export const FIRST_LINE_PROJECT = {
  MLproject: `name: first-line
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      out: string
    command: "python first_line.py {out}"
`,
  'python_env.yaml': 'dependencies: []\n',
  'first_line.py': `import time
began = time.time_ns()
import os, sys
with open(sys.argv[1] + ".part", "w") as file:
    file.write(f"{began} {sys.executable}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
`,
} as const;
