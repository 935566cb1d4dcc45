package auth_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
)

func TestLokalNoegle(t *testing.T) {
	t.Parallel()

	t.Run("laves én gang", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		foerst, err := auth.LokalNoegle(dir)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := base64.RawURLEncoding.DecodeString(foerst); err != nil || len(b) != 32 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		igen, err := auth.LokalNoegle(dir)
		if err != nil || igen != foerst {
			t.Errorf("second time: %v, same key: %v", err, igen == foerst)
		}
		laest, err := auth.LaesLokalNoegle(dir)
		if err != nil || laest != foerst {
			t.Errorf("read: %v, same key: %v", err, laest == foerst)
		}
		info, err := os.Stat(filepath.Join(dir, auth.LokalFil))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
		poster, err := os.ReadDir(dir)
		if err != nil || len(poster) != 1 {
			t.Errorf("left in the folder: %v %v", poster, err)
		}
	})

	t.Run("en kommando laver ingen", func(t *testing.T) {
		t.Parallel()
		if _, err := auth.LaesLokalNoegle(t.TempDir()); mox.KodeAf(err) != mox.KodeIkkeFundet {
			t.Error(err)
		}
	})

	t.Run("andre må ikke kunne læse den", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS == "windows" {
			t.Skip("no file modes")
		}
		dir := t.TempDir()
		noegle, err := auth.LokalNoegle(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
			if err := os.Chmod(filepath.Join(dir, auth.LokalFil), mode); err != nil {
				t.Fatal(err)
			}
			_, err = auth.LokalNoegle(dir)
			if mox.KodeAf(err) != mox.KodeIkkeTilladt || strings.Contains(err.Error(), noegle) {
				t.Errorf("%v: %v", mode, err)
			}
		}
	})

	t.Run("en ødelagt fil bruges ikke", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for _, indhold := range []string{"", "kort", strings.Repeat("A", 5000)} {
			if err := os.WriteFile(filepath.Join(dir, auth.LokalFil), []byte(indhold), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := auth.LokalNoegle(dir); mox.KodeAf(err) != mox.KodeUgyldig {
				t.Errorf("%d bytes: %v", len(indhold), err)
			}
		}
	})

	t.Run("en mappe, der ikke er der", func(t *testing.T) {
		t.Parallel()
		if _, err := auth.LokalNoegle(filepath.Join(t.TempDir(), "findes-ikke")); mox.KodeAf(err) != mox.KodeUtilgaengelig {
			t.Error(err)
		}
	})
}
