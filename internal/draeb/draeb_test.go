package draeb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/moxkit/mox/internal/draeb"
)

// barn tells the test program that it is the process to die, and what it passes.
const barn = "MOX_DRAEB_TEST_PUNKTER"

// TestMain lets the test program be the one that dies.
func TestMain(m *testing.M) {
	if v := os.Getenv(barn); v != "" {
		os.Exit(passer(strings.Fields(v)))
	}
	os.Exit(m.Run())
}

// passer passes the points, and says so after each.
func passer(navne []string) int {
	punkt, err := draeb.Punkt()
	if err != nil {
		fmt.Println(err)
		return 2
	}
	for _, n := range navne {
		if punkt != nil {
			punkt(n)
		}
		fmt.Println(n)
	}
	return 0
}

// koer passes the points in a process of its own, and tells which it survived.
func koer(t *testing.T, ved string, punkter ...string) (overlevet []string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), barn+"="+strings.Join(punkter, " "), draeb.Env+"="+ved)
	ud, err := cmd.Output()
	return strings.Split(strings.TrimSpace(string(ud)), "\n"), err
}

func TestProcessenDoerAfSIGKILLVedPunktetsNtePassage(t *testing.T) {
	t.Parallel()
	got, err := koer(t, "done.i:3", "done.i", "done.efter", "done.i", "accept.foer", "done.i", "done.i")
	if want := []string{"done.i", "done.efter", "done.i", "accept.foer"}; !slices.Equal(got, want) {
		t.Errorf("it survived %v, want %v", got, want)
	}
	e := new(exec.ExitError)
	if !errors.As(err, &e) {
		t.Fatalf("it ended with %v", err)
	}
	if s, ok := e.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", e)
	}
}

func TestProcessenLeverNaarPunktetIkkeNaas(t *testing.T) {
	t.Parallel()
	for _, ved := range []string{"done.i:3", "done.efter:1", ""} {
		if got, err := koer(t, ved, "done.i", "done.i"); err != nil || len(got) != 2 {
			t.Errorf("%q: it survived %v, %v", ved, got, err)
		}
	}
}

func TestEnForkertVaerdiErEnFejlDerNaevnerVariablen(t *testing.T) {
	t.Parallel()
	for _, ved := range []string{"done.i", "done.i:", "done.i:nul", "done.i:0", "done.i:-1"} {
		got, err := koer(t, ved, "done.i")
		if err == nil || len(got) != 1 || !strings.Contains(got[0], draeb.Env) {
			t.Errorf("%q: %v, %v", ved, got, err)
		}
	}
}
