package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/internal/testenv"
)

// dokumenter are the Markdown files that people read: the README and all of docs but the notes on decisions.
func dokumenter(t *testing.T) (ud []string) {
	t.Helper()
	err := filepath.WalkDir("../../docs", func(sti string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(sti) == ".md" && !strings.Contains(filepath.ToSlash(sti), "/decisions/") {
			ud = append(ud, sti)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(ud, "../../README.md")
}

var kodeord = regexp.MustCompile("`([^`\n]+)`")

// skrevneKommandoer are the lines of a file that begin mox, in blocks of code and within the text.
func skrevneKommandoer(t *testing.T, fil string) (ud []string) {
	t.Helper()
	for _, b := range kodeblokke(t, fil) {
		if b.sprog == "sh" {
			ud = append(ud, strings.Split(strings.ReplaceAll(b.tekst, "\\\n", " "), "\n")...)
		}
	}
	tekst, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	hegn := false
	for linje := range strings.Lines(string(tekst)) {
		if strings.HasPrefix(linje, "```") {
			hegn = !hegn
		}
		if !hegn {
			for _, m := range kodeord.FindAllStringSubmatch(linje, -1) {
				ud = append(ud, m[1])
			}
		}
	}
	return ud
}

// moxArgumenter are the words after mox, as a shell parts them; nil when the line runs something else. What follows a pipe, a
// redirection or a comment is not looked at.
func moxArgumenter(linje string) []string {
	var ord []string
	var nu strings.Builder
	citat, brugt := rune(0), false
	slut := func() {
		if brugt {
			ord = append(ord, nu.String())
		}
		nu.Reset()
		brugt = false
	}
loop:
	for _, r := range linje {
		switch {
		case citat != 0 && r == citat:
			citat = 0
		case citat != 0:
			nu.WriteRune(r)
		case r == '"' || r == '\'':
			citat, brugt = r, true
		case r == ' ':
			slut()
		case r == '|' || r == '>' || r == '#' && !brugt || r == '&' || r == ';':
			break loop
		default:
			nu.WriteRune(r)
			brugt = true
		}
	}
	slut()
	for len(ord) > 0 && strings.Contains(ord[0], "=") && !strings.HasPrefix(ord[0], "-") {
		ord = ord[1:]
	}
	if len(ord) > 2 && ord[0] == "go" && ord[1] == "run" && ord[2] == "./cmd/mox" {
		ord = ord[2:]
	}
	if len(ord) < 2 || filepath.Base(ord[0]) != "mox" || !regexp.MustCompile(`^[a-z-]`).MatchString(ord[1]) {
		return nil
	}
	return ord[1:]
}

// kendes tells what is wrong with a command; "" is nothing.
func kendes(rod *cobra.Command, args []string) string {
	c, rest, err := rod.Find(args)
	if err != nil {
		return err.Error()
	}
	for i, a := range rest {
		if i == 0 && c.HasSubCommands() && !strings.HasPrefix(a, "-") {
			return "kommandoen " + c.CommandPath() + " har ikke " + a
		}
		if a == "--" { // the rest is another program's
			break
		}
		navn, _, _ := strings.Cut(a, "=")
		kendt := true
		switch {
		case navn == "--help":
		case strings.HasPrefix(navn, "--"):
			kendt = c.Flags().Lookup(navn[2:]) != nil || c.InheritedFlags().Lookup(navn[2:]) != nil
		case strings.HasPrefix(navn, "-") && len(navn) == 2:
			kendt = c.Flags().ShorthandLookup(navn[1:]) != nil
		}
		if !kendt {
			return c.CommandPath() + " har ikke flaget " + navn
		}
	}
	return ""
}

// Every command that the documents name is there, with its flags.
func TestDokumenternesKommandoerFindes(t *testing.T) {
	rod := (&env{}).rod()
	antal := 0
	for _, fil := range dokumenter(t) {
		for _, linje := range skrevneKommandoer(t, fil) {
			args := moxArgumenter(linje)
			if args == nil {
				continue
			}
			antal++
			if fejl := kendes(rod, args); fejl != "" {
				t.Errorf("%s: %q: %s", fil, linje, fejl)
			}
		}
	}
	if antal < 150 {
		t.Errorf("only %d commands were found", antal)
	}
	for linje, vil := range map[string]bool{
		"mox fejl list --dir x": true, "mox fejl liste": false, "mox fejl list --alt": false, "mox gevinster eksport -o x": true, "mox gevinster eksport -z x": false,
		"MOX_NOEGLE=… mox agent run FIL --server https://x": true, "mox eksport": true, "mox ryd op": false, "go run ./cmd/mox demo --en": false,
		"mox afproevning system arkiv -- -dir x --ukendt": true, "mox afproevning system arkiv --ukendt -- -dir x": false,
	} {
		if fejl := kendes(rod, moxArgumenter(linje)); (fejl == "") != vil {
			t.Errorf("%q: %s", linje, fejl)
		}
	}
}

// koerbare are the blocks of a guide that are marked to be run, each with what the guide says it prints.
func koerbare(t *testing.T, fil string) (ud []struct{ kommando, vil string }) {
	t.Helper()
	tekst, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	for i, del := range strings.Split(string(tekst), "<!-- kør -->\n```sh\n") {
		if i == 0 {
			continue
		}
		kommando, efter, _ := strings.Cut(del, "\n```\n")
		vil := ""
		if svar, er := strings.CutPrefix(strings.TrimLeft(efter, "\n"), "```text\n"); er {
			vil, _, _ = strings.Cut(svar, "\n```")
		}
		ud = append(ud, struct{ kommando, vil string }{kommando, vil})
	}
	return ud
}

// mangler is the first line of what the guide says is printed that was not; "…" is anything.
func mangler(vil, har string) string {
	for linje := range strings.SplitSeq(vil, "\n") {
		dele := strings.Split(strings.TrimSpace(linje), "…")
		for i := range dele {
			dele[i] = regexp.QuoteMeta(dele[i])
		}
		if !regexp.MustCompile(`(?m)` + strings.Join(dele, ".*")).MatchString(har) {
			return linje
		}
	}
	return ""
}

// vindue is a shell in a folder of its own, with the built program on its path.
type vindue struct {
	t        *testing.T
	dir, bin string
	stopMox  func()            // ends the MOX that the guide has in a window of its own
	adresser *strings.Replacer // of the guide, on ports that are free here
}

func nytVindue(t *testing.T) *vindue {
	t.Helper()
	return &vindue{t: t, dir: t.TempDir(), bin: filepath.Dir(bygMox(t)), stopMox: func() {}, adresser: strings.NewReplacer("127.0.0.1:8090", ledigPort(t))}
}

func (v *vindue) bash(kommando string) *exec.Cmd {
	ctx, stop := context.WithTimeout(context.WithoutCancel(v.t.Context()), 5*time.Minute) // a guide waits for files that may never come
	v.t.Cleanup(stop)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", kommando)
	cmd.Dir = v.dir
	cmd.Env = []string{"PATH=" + v.bin + ":" + os.Getenv("PATH"), "HOME=" + v.dir, "LC_ALL=C.UTF-8"}
	return cmd
}

// koer runs what a guide marks, and tells how many blocks there were.
func (v *vindue) koer(fil string) int {
	v.t.Helper()
	blokke := koerbare(v.t, fil)
	for _, b := range blokke {
		kommando := v.adresser.Replace(b.kommando)
		switch { // some go on in windows of their own
		case strings.HasPrefix(kommando, "mox serve"):
			v.stopMox() // as the guide says, when it starts it again
			v.stopMox = iVindue(v.t, v.bash("exec "+kommando+" --listen 127.0.0.1:0"))
			continue
		case strings.HasPrefix(kommando, "mox afproevning system"):
			iVindue(v.t, v.bash("exec "+kommando))
			continue
		}
		ud, err := v.bash(kommando).CombinedOutput()
		if err != nil {
			v.t.Fatalf("%s\n%v\n%s", b.kommando, err, ud)
		}
		if l := mangler(b.vil, string(ud)); l != "" {
			v.t.Errorf("%s\nthe guide says %q, and it printed\n%s", b.kommando, l, ud)
		}
	}
	return len(blokke)
}

// The guide for a morning is run as it stands, by a shell and the built program.
func TestFormiddagensVejledningKanKoeres(t *testing.T) {
	t.Parallel()
	testenv.Curl(t)
	if n := nytVindue(t).koer("../../docs/vejledning/kom-i-gang.md"); n < 21 {
		t.Errorf("only %d blocks", n)
	}
	if mangler("a … c", "a b c\n") != "" || mangler("a … d", "a b c\n") == "" {
		t.Error("what is missing is not seen")
	}
}

// What the other guides mark is run against a MOX in the folder that commands look in when they are told no other.
func TestVejledningernesKommandoerKanKoeres(t *testing.T) {
	t.Parallel()
	v := nytVindue(t)
	iVindue(t, v.bash("exec mox serve --listen 127.0.0.1:0"))
	filer, err := filepath.Glob("../../docs/vejledning/*.md")
	if err != nil {
		t.Fatal(err)
	}
	antal := 0
	for _, fil := range filer {
		if filepath.Base(fil) != "kom-i-gang.md" {
			antal += v.koer(fil)
		}
	}
	if antal < 4 {
		t.Errorf("only %d blocks", antal)
	}
}

// iVindue starts a command that goes on, at a keyboard that nobody touches, and waits until it has printed. It ends when it is told
// to, and with the test.
func iVindue(t *testing.T, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	ud, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // Wait closes it
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // Ctrl-C; it may have ended by itself, which Wait tells
		_, _ = io.Copy(io.Discard, ud)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", cmd.Args, err, &log)
		}
	})
	t.Cleanup(stop)
	if _, err := ud.Read(make([]byte, 1)); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &log)
	}
	return stop
}
