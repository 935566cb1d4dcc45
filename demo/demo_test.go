package demo_test

import (
	"os/exec"
	"strings"
	"testing"
)

const (
	modul = "github.com/moxkit/mox"
	demo  = modul + "/demo"
)

// TestDemoKenderIkkeMOX: the foreign systems, the story and the checker are built of nothing that MOX is made of, and
// neither are their tests: what they prove about MOX, they prove from outside.
func TestDemoKenderIkkeMOX(t *testing.T) {
	t.Parallel()
	ud, err := exec.CommandContext(t.Context(), "go", "list", "-test", "-deps", "-f", "{{.ImportPath}}", demo+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	egne := 0
	for pakke := range strings.Lines(string(ud)) {
		pakke, _, _ = strings.Cut(strings.TrimSpace(pakke), " ") // the rest says for which test it is built
		switch {
		case pakke == demo, strings.HasPrefix(pakke, demo+"/"), strings.HasPrefix(pakke, demo+"_"), strings.HasPrefix(pakke, demo+"."):
			egne++
		case pakke == modul+"/internal/conformance", pakke == modul+"/internal/testenv", pakke == modul+"/internal/source", pakke == modul+"/internal/fejlnet": // what tests name, what they need, where the module lies, and a network that fails
		case pakke == modul, strings.HasPrefix(pakke, modul+"/"):
			t.Errorf("something below demo is built with %s", pakke)
		}
	}
	if egne == 0 {
		t.Error("go list names no package of the demonstration")
	}
}
