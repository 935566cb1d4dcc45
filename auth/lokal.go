package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/moxkit/mox"
)

// LokalFil is the name of the file in the data folder that holds the local key.
const LokalFil = "lokal.noegle"

// hemmelighed is how many random bytes a key, a code or a session has.
const hemmelighed = 32

// LokalNoegle reads the local key in the data folder dir, and makes it where there is none. The caller holds the folder's
// lock. Whoever has the key is administrator, so a file that others can read is refused with [mox.KodeIkkeTilladt].
func LokalNoegle(dir string) (string, error) {
	noegle, err := LaesLokalNoegle(dir)
	if mox.KodeAf(err) != mox.KodeIkkeFundet {
		return noegle, err
	}
	if err := skrivHemmelighed(filepath.Join(dir, LokalFil), nyHemmelighed()); err != nil {
		return "", &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "auth", Err: err,
			Tekst: fmt.Sprintf("nøglefilen i %s kunne ikke skrives", dir), Raad: "giv MOX' bruger skriveret til mappen"}
	}
	return LaesLokalNoegle(dir) // as everyone else will: a file system without modes is found out now
}

// LaesLokalNoegle reads the local key, for a command that speaks to the server of the data folder dir.
// [mox.KodeIkkeFundet] when there is none: no server has run there.
func LaesLokalNoegle(dir string) (string, error) {
	sti := filepath.Join(dir, LokalFil)
	noegle, err := laesHemmelighed(sti)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", mox.E("auth", mox.KodeIkkeFundet, "der er ingen nøgle i %s", dir).Med("angiv serverens mappe med --dir, eller start den med: mox serve --dir " + dir)
	case err != nil && mox.KodeAf(err) == mox.KodeIntern:
		return "", &mox.Error{Kode: mox.KodeIkkeTilladt, Op: "auth", Err: err, Tekst: fmt.Sprintf("nøglefilen %s kan ikke læses", sti),
			Raad: "kør kommandoen som den bruger, MOX kører som"}
	}
	return noegle, err
}

func laesHemmelighed(sti string) (string, error) {
	f, err := os.Open(sti)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	// Windows has no such modes; there the folder's own rights protect the file.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", mox.E("auth", mox.KodeIkkeTilladt, "nøglefilen %s kan læses af andre end sin ejer (%v)", sti, info.Mode().Perm()).
			Med("stop MOX, slet filen, og start igen: så laves en ny nøgle. Er du sikker på, at ingen har læst den, så kør i stedet: chmod 600 " + sti)
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return "", err
	}
	noegle := strings.TrimSpace(string(b))
	if raa, err := base64.RawURLEncoding.DecodeString(noegle); err != nil || len(raa) != hemmelighed {
		return "", mox.E("auth", mox.KodeUgyldig, "nøglefilen %s indeholder ikke en nøgle", sti).Med("stop MOX, slet filen, og start igen: så laves en ny")
	}
	return noegle, nil
}

// skrivHemmelighed writes the file whole or not at all, and durably.
func skrivHemmelighed(sti, noegle string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(sti), LokalFil+".*") // CreateTemp gives mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error already tells
		}
	}()
	_, err = f.WriteString(noegle + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), sti)
}

func nyHemmelighed() string {
	b := make([]byte, hemmelighed)
	_, _ = rand.Read(b) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(b)
}
