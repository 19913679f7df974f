# Every fourth row is kept for the test. A metric is one line in the metrics file: `key=value step=N`.

function column(name,    i) {
  for (i = 1; i <= NF; i++) if ($i == name) return i
  print "there is no column '" name "' in " FILENAME ": " $0 > "/dev/stderr"
  failed = 1
  exit 1
}

function fit(n,    d) {
  d = n * sxx - sx * sx
  if (d == 0) { slope = 0; level = sy / n; return }
  slope = (n * sxy - sx * sy) / d
  level = (sy - slope * sx) / n
}

NR == 1 { gsub(/"/, ""); xi = column(x); yi = column(y); next }

NR % 4 == 0 { tests++; tx[tests] = $xi; ty[tests] = $yi; ysum += $yi; next }

{
  n++; sx += $xi; sy += $yi; sxx += $xi * $xi; sxy += $xi * $yi
  if (n % 100 == 0) {
    fit(n)
    printf "slope=%.6f step=%d\n", slope, n > metrics
    printf "%d rows: %s = %.4f + %.4f %s\n", n, y, level, slope, x
  }
}

END {
  if (failed) exit 1
  if (n < 2 || tests < 1) { print FILENAME " has too few rows" > "/dev/stderr"; exit 1 }
  fit(n)
  mean = ysum / tests
  for (i = 1; i <= tests; i++) { left += (ty[i] - level - slope * tx[i]) ^ 2; all += (ty[i] - mean) ^ 2 }
  printf "rmse=%.6f\nr2=%.6f\n", sqrt(left / tests), (all > 0 ? 1 - left / all : 0) > metrics
  printf "{\"x\": \"%s\", \"y\": \"%s\", \"level\": %.10g, \"slope\": %.10g, \"rows\": %d}\n", x, y, level, slope, n > model
  printf "%d rows to test with: rmse %.4f\n", tests, sqrt(left / tests)
}
