package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
)

//go:embed statisk
var statiskFS embed.FS

// statisk serves the style sheet, the script and the mark under addresses that change with their content, so that a
// browser may keep them for ever.
type statisk struct {
	filer    map[string][]byte // by address
	adresser map[string]string // by name
}

func laesStatisk() *statisk {
	s := &statisk{filer: map[string][]byte{}, adresser: map[string]string{}}
	poster, err := statiskFS.ReadDir("statisk")
	if err != nil {
		panic(err) // the files are part of the program
	}
	for _, p := range poster {
		b, err := statiskFS.ReadFile("statisk/" + p.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(b)
		adresse := "/statisk/" + hex.EncodeToString(sum[:6]) + "/" + p.Name()
		s.filer[adresse], s.adresser[p.Name()] = b, adresse
	}
	return s
}

// adresse is where a file is served.
func (s *statisk) adresse(navn string) string { return s.adresser[navn] }

func (s *statisk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, ok := s.filer[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(b) // a reader that has gone away needs no answer
}
