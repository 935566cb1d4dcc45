package kopi

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
)

// maksManifest is how many bytes a manifest may have.
const maksManifest = 64 << 20

// Fil is a copy on disk, open to be read.
type Fil struct {
	Manifest Manifest
	sti      string
	zip      *zip.ReadCloser
	dele     map[string]*zip.File
}

// Aabn opens a copy and reads its manifest; the caller closes. The error is an [*mox.Error].
func Aabn(sti string) (*Fil, error) {
	z, err := zip.OpenReader(sti)
	if findesIkke(err) {
		return nil, mox.E("kopi", mox.KodeIkkeFundet, "filen %s findes ikke", sti).Med("giv den rigtige fil")
	}
	if err != nil {
		e := ugyldig("%s er ikke en hel kopi", sti)
		e.Err = err
		return nil, e
	}
	f := &Fil{sti: sti, zip: z, dele: map[string]*zip.File{}}
	if err := f.laesManifest(); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return f, nil
}

// Luk closes the file.
func (f *Fil) Luk() error { return f.zip.Close() }

func (f *Fil) laesManifest() error {
	for _, d := range f.zip.File {
		if f.dele[d.Name] != nil {
			return ugyldig("%s har to dele, der hedder %s", f.sti, d.Name)
		}
		f.dele[d.Name] = d
	}
	d := f.dele[manifestNavn]
	if d == nil || d.UncompressedSize64 > maksManifest {
		return ugyldig("%s har intet manifest", f.sti)
	}
	r, err := d.Open()
	if err != nil {
		return ugyldig("manifestet i %s kan ikke læses: %v", f.sti, err)
	}
	defer func() { _ = r.Close() }()                        // only read
	b, err := io.ReadAll(io.LimitReader(r, maksManifest+1)) // to the end: only there does the zip file tell that a byte is another
	if err == nil {
		err = json.Unmarshal(b, &f.Manifest)
	}
	if err != nil {
		return ugyldig("manifestet i %s kan ikke læses: %v", f.sti, err)
	}
	if f.Manifest.Format < 1 || f.Manifest.Format > Format {
		return ugyldig("%s har format %d, og dette program kender til og med %d", f.sti, f.Manifest.Format, Format)
	}
	return nil
}

// Tjek reads the whole copy and holds every part against the manifest, and every document against its own name. The error
// is an [*mox.Error] that names the first part that does not hold.
func (f *Fil) Tjek(ctx context.Context, fremdrift func(Fremdrift)) error {
	kendt := []string{manifestNavn}
	m := nyMelder(fremdrift, "kontrol af kopien")
	for _, d := range f.Manifest.Dele {
		if err := f.tjekDel(ctx, d); err != nil {
			return err
		}
		kendt = append(kendt, d.Navn)
		m.en()
	}
	slices.Sort(kendt)
	var antal int64
	for _, z := range f.zip.File {
		if _, ok := slices.BinarySearch(kendt, z.Name); ok {
			continue
		}
		if err := f.tjekDokument(ctx, z); err != nil {
			return err
		}
		antal++
		m.en()
	}
	if antal != f.Manifest.Dokumenter.Antal {
		return ugyldig("%s har %d dokumenter, og manifestet siger %d", f.sti, antal, f.Manifest.Dokumenter.Antal)
	}
	return nil
}

func (f *Fil) tjekDel(ctx context.Context, d Del) error {
	z := f.dele[d.Navn]
	if z == nil {
		return ugyldig("%s mangler delen %s", f.sti, d.Navn)
	}
	sha, n, err := sum(ctx, z)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || sha != d.SHA256 || n != d.Bytes {
		return ugyldig("delen %s i %s er ikke, som manifestet siger", d.Navn, f.sti)
	}
	return nil
}

// dokumentSha is the SHA-256 that a part is named by, "" for what is no document.
func dokumentSha(navn string) string {
	sha := navn[strings.LastIndex(navn, "/")+1:]
	if _, ok := indhold.Sha(indhold.URN + sha); !ok || navn != dokumentMappe+sha[:2]+"/"+sha {
		return ""
	}
	return sha
}

func (f *Fil) tjekDokument(ctx context.Context, z *zip.File) error {
	skal := dokumentSha(z.Name)
	if skal == "" {
		return ugyldig("%s har en del, som manifestet ikke nævner: %q", f.sti, z.Name)
	}
	sha, _, err := sum(ctx, z)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || sha != skal && !slices.Contains(f.Manifest.Dokumenter.Beskadigede, skal) {
		return ugyldig("dokumentet %s i %s er beskadiget", skal, f.sti)
	}
	return nil
}

func sum(ctx context.Context, z *zip.File) (sha string, n int64, err error) {
	r, err := z.Open()
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = r.Close() }() // only read
	h := sha256.New()
	n, err = io.Copy(h, indhold.Afbrydelig(ctx, r))
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// laesDel opens a part that the manifest names.
func (f *Fil) laesDel(navn string) (io.ReadCloser, error) {
	z := f.dele[navn]
	if z == nil {
		return nil, ugyldig("%s mangler delen %s", f.sti, navn)
	}
	return z.Open()
}

// opsaetningsdele are the parts with the configuration's files, by their path in the data folder.
func (f *Fil) opsaetningsdele() (map[string]string, error) {
	ud := map[string]string{}
	for _, d := range f.Manifest.Dele {
		sti, ok := strings.CutPrefix(d.Navn, opsaetMappe)
		if !ok {
			continue
		}
		if sti = filepath.FromSlash(sti); !filepath.IsLocal(sti) || egen(sti) {
			return nil, ugyldig("%s vil skrive en fil uden for mappen eller oven i MOX' egne: %q", f.sti, sti)
		}
		ud[sti] = d.Navn
	}
	return ud, nil
}
