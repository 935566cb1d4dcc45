package afproevning

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The files of an evidence pack.
const (
	bevisJSON  = "bevis.json"
	bevisHTML  = "index.html"
	bevisPDF   = "bevis.pdf"
	manifestet = "manifest.sha256"
)

// Pakkefil is the name of a trial's evidence pack.
func Pakkefil(navn string) string { return navn + ".zip" }

// skrivPakke writes the evidence pack into dir, and beside it, for reading at once, the page.
func (b *Bevis) skrivPakke(dir string) error {
	raa, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	var html, pdf bytes.Buffer
	if err := errors.Join(b.skrivHTML(&html), b.skrivPDF(&pdf)); err != nil {
		return err
	}
	filer := []fil{{bevisHTML, html.Bytes()}, {bevisPDF, pdf.Bytes()}, {bevisJSON, append(raa, '\n')}}
	var ud bytes.Buffer
	if err := pak(&ud, filer); err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, Pakkefil(b.Navn)), ud.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, b.Navn+".html"), html.Bytes(), 0o644))
}

// fil is one file of a pack.
type fil struct {
	navn string
	data []byte
}

// pak writes the files and a manifest with the SHA-256 of each, as sha256sum -c reads it.
func pak(w io.Writer, filer []fil) error {
	var manifest strings.Builder
	for _, f := range filer {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&manifest, "%s  %s\n", hex.EncodeToString(sum[:]), f.navn)
	}
	z := zip.NewWriter(w)
	for _, f := range append(filer, fil{manifestet, []byte(manifest.String())}) {
		til, err := z.Create(f.navn)
		if err != nil {
			return err
		}
		if _, err := til.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}
