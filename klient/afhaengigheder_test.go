package klient_test

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that imports this package gets what it needs and no server: these packages of ours, one module of others (it reads
// code files, which no client does), and no database driver.
func TestAfhaengigheder(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}} {{if .Standard}}std{{else}}{{.Module.Path}}{{end}}", ".")
	ud, err := cmd.Output()
	maa(t, err)
	const mox = "github.com/moxkit/mox"
	vores, andres := []string{}, map[string]bool{}
	for linje := range strings.Lines(string(ud)) {
		pakke, modul, _ := strings.Cut(strings.TrimSpace(linje), " ")
		switch modul {
		case mox:
			vores = append(vores, strings.TrimPrefix(strings.TrimPrefix(pakke, mox), "/"))
		case "std":
			if strings.HasPrefix(pakke, "database/sql") {
				t.Errorf("it has %s", pakke)
			}
		default:
			andres[modul] = true
		}
	}
	slices.Sort(vores)
	if vil := []string{"", "internal/problem", "internal/service", "internal/webhook", "internal/wire", "klient", "oio"}; !slices.Equal(vores, vil) {
		t.Errorf("of ours %q, want %q", vores, vil)
	}
	if vil := []string{"github.com/goccy/go-yaml"}; !slices.Equal(slices.Sorted(maps.Keys(andres)), vil) {
		t.Errorf("of others %v, want %q", andres, vil)
	}
}
