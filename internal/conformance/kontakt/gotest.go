package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// outcome is what became of one test, as it is told after "it".
type outcome string

const (
	passes    outcome = "passes"
	fails     outcome = "fails"
	skips     outcome = "is skipped"
	hangs     outcome = "hangs"
	unbuilt   outcome = "does not build"
	endless   outcome = "ends the process without an outcome"
	neverSeen outcome = "is not there"
)

// verdict is the outcome of one test and what it said about it: of the first subtest that failed, where one did.
type verdict struct {
	outcome outcome
	said    string
}

// patience is how long one run of go test may take, building not included. A test that hangs with a fault has not seen it.
const patience = "5m"

// split divides "distributor.TestKoe/genstart" into the package's folder and the name of the test; the folder of "mox" is the
// module's own.
func split(test string) (pkg, name string) {
	pkg, name, _ = strings.Cut(test, ".")
	return pkg, name
}

// goTest runs tests of one package, with the overlay where one is given, and tells what became of each. The error is for what
// keeps them all from running except the code itself.
func goTest(ctx context.Context, root, pkg string, names []string, overlay string) (map[string]verdict, error) {
	args := []string{"test", "-json", "-vet=off", "-count=1", "-timeout", patience, "-run", pattern(names)}
	args = append(args, folder(root, pkg))
	repeatable, err := repeatable(filepath.Join(root, folder(root, pkg)))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", append(args, repeatable...)...)
	cmd.Dir = root
	if overlay != "" { // in the environment, so that a test that builds a program builds the faulty one
		cmd.Env = append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	all, parseErr := verdicts(&stdout, names)
	if parseErr != nil {
		return nil, fmt.Errorf("go test %s: %w; it said: %s", pkg, parseErr, stderr.Bytes())
	}
	return all, nil
}

// folder is a package as the go command names it. The root package is named after the module, not after a folder.
func folder(root, pkg string) string {
	if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(pkg))); err != nil || !info.IsDir() {
		return "."
	}
	return "./" + pkg
}

// repeatable are the flags that make a package's random tests draw the same each time, not look for the simplest case, and
// write nothing: a case kept in testdata/rapid would be tried again with the next fault, which it may show by chance.
func repeatable(dir string) ([]string, error) {
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range tests {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(src, []byte(`"pgregory.net/rapid"`)) {
			return []string{"-rapid.seed=1", "-rapid.shrinktime=1ms", "-rapid.nofailfile"}, nil
		}
	}
	return nil, nil
}

// pattern is the argument of -run that hits exactly these tests: where there is more than one, whole with their subtests.
func pattern(names []string) string {
	if len(names) == 1 {
		var parts []string
		for part := range strings.SplitSeq(names[0], "/") {
			parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
		}
		return strings.Join(parts, "/")
	}
	var tops []string
	for _, name := range names {
		top, _, _ := strings.Cut(name, "/")
		tops = append(tops, top)
	}
	return "^(" + strings.Join(tops, "|") + ")$"
}

// event is one line of go test -json.
type event struct {
	Action      string
	ImportPath  string
	Test        string
	Output      string
	FailedBuild string
}

// timedOut begins the panic of a test that has used up its patience.
const timedOut = "panic: test timed out"

// spoken is a line of a test's output that tells where it failed and why.
var spoken = regexp.MustCompile(`^\s+(\w+\.go:\d+: .*)`)

func verdicts(in io.Reader, names []string) (map[string]verdict, error) {
	all := map[string]verdict{}
	for _, name := range names {
		all[name] = verdict{neverSeen, ""}
	}
	said := map[string]string{} // by test and subtest, or package that does not build
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var e event
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("not JSON: %q", scanner.Text())
		}
		switch {
		case e.Action == "build-output" && said[e.ImportPath] == "" && !strings.HasPrefix(e.Output, "#"):
			said[e.ImportPath] = strings.TrimSpace(e.Output)
		case e.Action == "output" && e.Test != "":
			said[e.Test] = heard(said[e.Test], e.Output)
		}
		for _, name := range names {
			switch {
			case e.FailedBuild != "":
				all[name] = verdict{unbuilt, said[e.FailedBuild]}
			case e.Test == name || strings.HasPrefix(e.Test, name+"/"):
				all[name] = all[name].after(e, e.Test == name, said[e.Test])
			}
		}
	}
	return all, scanner.Err()
}

// after is the verdict when one more event of the test, or of a subtest of it, is known, and what that one has said.
func (v verdict) after(e event, itself bool, said string) verdict {
	switch {
	case strings.HasPrefix(said, timedOut):
		v.outcome = hangs
	case e.Action == "run" && itself:
		v.outcome = endless
	case e.Action == "fail" && v.said == "":
		v.said = said
	}
	if end, ok := map[string]outcome{"pass": passes, "fail": fails, "skip": skips}[e.Action]; ok && itself && v.outcome == endless {
		v.outcome = end
		v.said = cmp.Or(v.said, said)
	}
	return v
}

// heard is what a test is known to have said after one more line of its output: the last line that names a place, since a
// test may log before it fails; what a random test draws is no saying. A panic counts where nothing was said before it; that
// of the test's time limit always.
func heard(said, line string) string {
	m := spoken.FindStringSubmatch(line)
	switch {
	case strings.HasPrefix(said, timedOut):
		return said
	case strings.HasPrefix(line, timedOut), said == "" && strings.HasPrefix(line, "panic: "):
	case m != nil && !strings.Contains(line, ": [rapid] draw "):
		line = m[1]
	default:
		return said
	}
	line = strings.TrimSpace(line)
	if len(line) > 300 {
		line = strings.ToValidUTF8(line[:300], "") + "…"
	}
	return line
}
