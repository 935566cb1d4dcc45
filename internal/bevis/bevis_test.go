package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	p := runtime.GOMAXPROCS(0)
	found, err := parse(strings.NewReader(fmt.Sprintf(`goos: linux
pkg: example.org/hus/dor
cpu: some processor
BenchmarkAabn/16_afsendere-%[1]d    100   300.0 ns/op   10.5 per_s
BenchmarkAabn/16_afsendere-%[1]d    100   100.0 ns/op   30.5 per_s
BenchmarkAabn/16_afsendere-%[1]d    100   200.0 ns/op   20.5 per_s
BenchmarkUden-77    1   5 ns/op
Benchmark that is prose, not a line
PASS
ok  	example.org/hus/dor	1.2s
pkg: example.org/hus/vindue
BenchmarkAabn-%[1]d    7   1e3 ns/op
    crash_test.go:40: bevis: {"runder": 1000, "tabt": 0}
`, p)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(found.benchmarks)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"package":"example.org/hus/dor","name":"Aabn/16_afsendere","runs":3,"values":{` +
		`"ns/op":{"median":200,"min":100,"max":300},"per_s":{"median":20.5,"min":10.5,"max":30.5}}},` +
		`{"package":"example.org/hus/dor","name":"Uden-77","runs":1,"values":{"ns/op":{"median":5,"min":5,"max":5}}},` +
		`{"package":"example.org/hus/vindue","name":"Aabn","runs":1,"values":{"ns/op":{"median":1000,"min":1000,"max":1000}}}]`
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if len(found.figures) != 1 || string(found.figures[0]) != `{"runder": 1000, "tabt": 0}` {
		t.Errorf("figures: %s", found.figures)
	}
	if _, err := parse(strings.NewReader("bevis: {skæv")); err == nil {
		t.Error("a figure that is not JSON was passed over")
	}
}

func TestMedianOfAnEvenNumber(t *testing.T) {
	t.Parallel()
	if m := median([]float64{1, 2, 4, 8}); m != 3 {
		t.Errorf("median %v", m)
	}
}

func TestRunRefusesAnEmptyRecord(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), "tom", "", strings.NewReader("PASS\n"), &out); err == nil || out.Len() > 0 {
		t.Errorf("err %v, output %q", err, out.String())
	}
}

func TestRunWritesCommitAndConditions(t *testing.T) {
	t.Setenv("MOX_TEST_POSTGRES_URL", "")
	repository(t)
	var out bytes.Buffer
	if err := run(t.Context(), "proeve", "go test", strings.NewReader("bevis: {\"a\":1}\n"), &out); err != nil {
		t.Fatal(err)
	}
	var r record
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Commit) != 40 || r.Dirty || r.Date.IsZero() || r.Name != "proeve" || r.Conditions.Cores < 1 || r.Conditions.Go == "" {
		t.Errorf("%s", out.String())
	}
}

// A record lies in the tree it tells about: writing one must not make the next dirty, but any other change does.
func TestRevision(t *testing.T) {
	repository(t)
	write := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("docs/bevis/bench.json")
	if _, dirty, err := revision(t.Context()); err != nil || dirty {
		t.Errorf("after a record: dirty %v, %v", dirty, err)
	}
	write("kode.go")
	if _, dirty, err := revision(t.Context()); err != nil || !dirty {
		t.Errorf("after a change: dirty %v, %v", dirty, err)
	}
}

// repository makes the working directory a git repository of its own, with one commit.
func repository(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-m", "first"},
	} {
		if _, err := git(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
}
