package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moxkit/mox/internal/source"
	"github.com/moxkit/mox/internal/testenv"
)

// What is written about a binary is what it was built of: each module with its version, and its licence in full.
func TestSBOMOgLicenser(t *testing.T) {
	t.Parallel()
	binaer, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := skriv(binaer, "1.2.3", dir); err != nil {
		t.Fatal(err)
	}
	var s cyclonedx
	b, err := os.ReadFile(filepath.Join(dir, "sbom.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	versioner := map[string]string{}
	for _, c := range s.Components {
		versioner[c.Name] = c.Version
		if len(c.Licenses) == 0 || c.PURL != "pkg:golang/"+c.Name+"@"+c.Version {
			t.Errorf("%+v", c)
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || len(info.Deps) == 0 {
		t.Fatal("the test knows nothing of what it is built of")
	}
	for _, m := range info.Deps {
		if versioner[m.Path] != m.Version {
			t.Errorf("%s is %q, and the binary has %s", m.Path, versioner[m.Path], m.Version)
		}
	}
	licenser, err := os.ReadFile(filepath.Join(dir, "LICENSER.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, skal := range []string{"std " + runtime.Version()[2:] + ": BSD-3-Clause", "github.com/google/licensecheck v", "Redistributions in binary form must reproduce"} {
		if !strings.Contains(string(licenser), skal) {
			t.Errorf("%q is not in the licences", skal)
		}
	}
}

// A module that lies without a licence stops the package.
func TestUdenLicens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("Alle rettigheder forbeholdes.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := del{Sti: "eksempel.dk/x", Version: "v1"}
	if err := d.laes(dir); err == nil || !strings.Contains(err.Error(), "eksempel.dk/x v1: its licence") {
		t.Error(err)
	}
}

// rod is a clean root file system, and what is run in it.
type rod struct {
	*testing.T
	dir string
}

// som runs a command in it as a user, and gives what it prints.
func (r rod) som(bruger string, args ...string) string {
	r.Helper()
	c := r.kommando(bruger, args...)
	ud, err := c.CombinedOutput()
	if err != nil {
		r.Fatalf("%v: %v\n%s", args, err, ud)
	}
	return string(ud)
}

func (r rod) kommando(bruger string, args ...string) *exec.Cmd {
	c := exec.CommandContext(r.Context(), "chroot", append([]string{"--userspec=" + bruger + ":" + bruger, r.dir}, args...)...)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "DEBIAN_FRONTEND=noninteractive"}
	return c
}

// TestPakken builds the package, installs it where there is nothing of it before, makes a configuration, lets a case through
// it, and takes it out again: then all is gone but what the municipality has in it.
func TestPakken(t *testing.T) {
	t.Parallel()
	r := rod{t, testenv.Rod(t)}
	pakker := t.TempDir()
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	byg := exec.CommandContext(t.Context(), "bash", "scripts/package", "--ud", pakker, runtime.GOARCH)
	byg.Dir, byg.Env = root, append(os.Environ(), "MOX_VERSION=9.9.9")
	if ud, err := byg.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, ud)
	}
	sum := exec.CommandContext(t.Context(), "sha256sum", "-c", "SHA256SUMS")
	sum.Dir = pakker
	if ud, err := sum.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, ud)
	}
	const deb = "mox.deb"
	if err := os.Rename(filepath.Join(pakker, "mox_9.9.9_"+runtime.GOARCH+".deb"), filepath.Join(r.dir, deb)); err != nil {
		t.Fatal(err)
	}
	r.som("root", "dpkg", "-i", "/"+deb)
	if v := r.som("mox", "mox", "version"); !strings.Contains(v, "9.9.9") {
		t.Errorf("the version is %s", v)
	}
	r.som("mox", "mox", "init", "--dir", "/var/lib/mox", "--navn", "Eksempel Kommune", "--cvr", "29189846", "--system", "Byggesag=folder", "--system", "ESDH=folder")
	r.sag()
	r.som("root", "dpkg", "-P", "mox")
	for sti, skal := range map[string]bool{"usr/bin/mox": false, "usr/lib/systemd/system/mox.service": false, "usr/share/doc/mox": false, "var/lib/mox/mox.yaml": true} {
		if _, err := os.Stat(filepath.Join(r.dir, sti)); (err == nil) != skal {
			t.Errorf("%s after the package was taken out: %v", sti, err)
		}
	}
}

// sag runs MOX, and a case from one system to the other.
func (r rod) sag() {
	r.Helper()
	c := r.kommando("mox", "mox", "serve", "--dir", "/var/lib/mox", "--listen", "127.0.0.1:0", "--json")
	ud, err := c.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	c.Stderr = r.Output()
	if err := c.Start(); err != nil {
		r.Fatal(err)
	}
	defer func() {
		_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := c.Wait(); err != nil {
			r.Errorf("mox serve: %v", err)
		}
	}()
	if !bufio.NewScanner(ud).Scan() {
		r.Fatal("mox serve never told where it is")
	}
	data := filepath.Join(r.dir, "var", "lib", "mox")
	if err := os.WriteFile(filepath.Join(data, "byggesag", "ud", "sag_1.csv"), []byte("SAGSNR;TITEL;STATUS;KLE\n2026-0017;Carport;NY;02.34.02\n"), 0o644); err != nil {
		r.Fatal(err)
	}
	kig := time.NewTicker(200 * time.Millisecond)
	defer kig.Stop()
	for frist := time.After(2 * time.Minute); ; {
		if filer, _ := filepath.Glob(filepath.Join(data, "esdh", "ind", "sag_*.csv")); len(filer) == 1 {
			r.som("mox", "mox", "verify", "--dir", "/var/lib/mox")
			return
		}
		select {
		case <-kig.C:
		case <-frist:
			r.Fatalf("no case came through:\n%s", r.som("mox", "mox", "fejl", "list", "--dir", "/var/lib/mox"))
		}
	}
}
