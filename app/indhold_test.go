package app

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/kopi"
)

// iLageret are the names of the objects in a bucket.
func iLageret(t *testing.T, b *testenv.Bucket) (ud []string) {
	t.Helper()
	for o := range b.Client(t).ListObjectsIter(t.Context(), b.Name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		ud = append(ud, o.Key)
	}
	return ud
}

// objektlagerhus is a data folder whose documents are in an object store.
func objektlagerhus(t *testing.T) (dir string, b *testenv.Bucket) {
	t.Helper()
	b = testenv.S3(t)
	dir = t.TempDir()
	for fil, tekst := range map[string]string{
		"mox.yaml":    "# prøve\nindhold:\n  s3:\n    url: " + b.URL() + "\n    bucket: " + b.Name + "\n    forled: mox/\n    noegle: \"" + b.AccessKey + "\"\n    hemmelighed: s3.hemmelig\n\nregister:\n  system: Register\n",
		"s3.hemmelig": b.SecretKey + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, fil), []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, b
}

// laes opens the data folder as mox verify does, and reads a document.
func laes(t *testing.T, dir, sha string) string {
	t.Helper()
	c, err := LaesConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	var har []byte
	err = standset(t.Context(), c, "test", func(k kopi.Kilde) error {
		f, err := k.Lager.Hent(t.Context(), sha)
		if err != nil {
			return err
		}
		har, err = io.ReadAll(f)
		return errors.Join(err, f.Close())
	})
	if err != nil {
		t.Error(err)
	}
	return string(har)
}

// With an object store in mox.yaml the documents are there and not in the data folder, each installation's by itself; a copy has
// them, and is put back into a folder, or into an object store with nothing of the installation's in it.
func TestDokumenterneIEtObjektlager(t *testing.T) {
	t.Parallel()
	dir, b := objektlagerhus(t)
	c, err := LaesConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Listen = "127.0.0.1:0"
	a, err := Open(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sha, _, err := a.distributor.GemDokument(t.Context(), a.indhold, strings.NewReader("en tegning"))
	id := a.store.InstallationID()
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	vil := "mox/" + id + "/" + sha[:2] + "/" + sha
	if har := iLageret(t, b); len(har) != 1 || har[0] != vil {
		t.Errorf("%v, skulle være %s", har, vil)
	}
	if filer, err := filepath.Glob(filepath.Join(dir, "indhold", "*", "*")); err != nil || len(filer) > 0 {
		t.Errorf("i mappen: %v %v", filer, err)
	}
	if har := laes(t, dir, sha); har != "en tegning" {
		t.Errorf("%q", har)
	}
	if r, err := Efterproev(t.Context(), c, nil, nil); err != nil || r.Dokumenter != 1 || len(r.Fund) != 0 {
		t.Errorf("%+v %v", r, err)
	}

	var ud bytes.Buffer
	if err := Kopier(t.Context(), c, "test", &ud, true, nil); err != nil {
		t.Fatal(err)
	}
	fil := filepath.Join(t.TempDir(), "kopi.zip")
	if err := os.WriteFile(fil, ud.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	genskab := func(g kopi.Genskabelse) (string, error) {
		g.Dir, g.Lager = filepath.Join(t.TempDir(), "ny"), Lager
		f, err := kopi.Aabn(fil)
		if err != nil {
			t.Fatal(err)
		}
		return g.Dir, errors.Join(f.Genskab(t.Context(), g), f.Luk())
	}
	if _, err := genskab(kopi.Genskabelse{}); mox.KodeAf(err) != mox.KodeKonflikt {
		t.Errorf("i et lager, der er i brug: %v", err)
	}
	if har := iLageret(t, b); len(har) != 1 {
		t.Fatalf("det, der var i lageret: %v", har)
	}
	ny, err := genskab(kopi.Genskabelse{IMappen: true})
	if err != nil || laes(t, ny, sha) != "en tegning" {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(ny, "mox.yaml")); err != nil || string(b) != "# prøve\nregister:\n  system: Register\n" {
		t.Errorf("%s %v", b, err)
	}
	if filer, err := filepath.Glob(filepath.Join(ny, "indhold", "*", sha)); err != nil || len(filer) != 1 {
		t.Errorf("i mappen: %v %v", filer, err)
	}
	if err := b.Client(t).RemoveObject(t.Context(), b.Name, vil, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	nede := "postgres://mox@127.0.0.1:1/mox?sslmode=disable"
	if _, err := genskab(kopi.Genskabelse{Database: &nede}); err == nil || len(iLageret(t, b)) != 0 {
		t.Errorf("efter en genskabelse, der ikke lykkedes: %v %v", iLageret(t, b), err)
	}
	if ny, err = genskab(kopi.Genskabelse{}); err != nil || laes(t, ny, sha) != "en tegning" || len(iLageret(t, b)) != 1 {
		t.Error(err)
	}
}

// An object store that comes later is given what the folder had; what is damaged stays where it is, and is told.
func TestDokumenterneFlyttesTilObjektlageret(t *testing.T) {
	t.Parallel()
	dir, b := objektlagerhus(t)
	medS3, err := os.ReadFile(filepath.Join(dir, "mox.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	aabn := func(yaml []byte) *App {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), yaml, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LaesConfig(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.Listen = "127.0.0.1:0"
		a, err := Open(t.Context(), c, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	gem := func(a *App, tekst string) string {
		t.Helper()
		sha, _, err := a.distributor.GemDokument(t.Context(), a.indhold, strings.NewReader(tekst))
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	a := aabn(nil)
	en, anden, syg := gem(a, "en tegning"), gem(a, "et brev"), gem(a, "beskadiget")
	sygSti := filepath.Join(dir, "indhold", syg[:2], syg)
	if err := errors.Join(a.Close(), os.WriteFile(sygSti, []byte("noget andet"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := aabn(medS3).Close(); err != nil {
		t.Fatal(err)
	}
	for sha, vil := range map[string]string{en: "en tegning", anden: "et brev"} {
		if har := laes(t, dir, sha); har != vil {
			t.Errorf("%q, skulle være %q", har, vil)
		}
	}
	if filer, err := filepath.Glob(filepath.Join(dir, "indhold", "*", "*")); err != nil || len(filer) != 1 || filer[0] != sygSti {
		t.Errorf("i mappen: %v %v", filer, err)
	}
	if har := iLageret(t, b); len(har) != 3 { // the damaged one as what it is; nobody knows it
		t.Errorf("%v", har)
	}
	if l := log.String(); !strings.Contains(l, "antal=2") || !strings.Contains(l, syg) {
		t.Error(l)
	}
}

// What is wrong with the setting is said before anything opens, and a store that is not there before anything is taken in.
func TestEtObjektlagerDerIkkeKanBruges(t *testing.T) {
	t.Parallel()
	for navn, x := range map[string]struct {
		yaml string
		kode mox.Kode
	}{
		"mangler":  {"indhold: {s3: {url: \"https://s3.example\"}}\n", mox.KodeUgyldig},
		"adresse":  {"indhold: {s3: {url: s3.example, bucket: mox, noegle: a, hemmelighed: hemmelig}}\n", mox.KodeUgyldig},
		"fil":      {"indhold: {s3: {url: \"https://s3.example\", bucket: mox, noegle: a, hemmelighed: findes-ikke}}\n", mox.KodeUgyldig},
		"udsteder": {"indhold: {s3: {url: \"https://s3.example\", bucket: mox, noegle: a, hemmelighed: hemmelig, ca: hemmelig}}\n", mox.KodeUgyldig},
		"svarer":   {"indhold: {s3: {url: \"http://127.0.0.1:1\", bucket: mox, noegle: a, hemmelighed: hemmelig}}\n", mox.KodeUtilgaengelig},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := errors.Join(os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(x.yaml), 0o600), os.WriteFile(filepath.Join(dir, "hemmelig"), []byte("hemmelig-7"), 0o600)); err != nil {
				t.Fatal(err)
			}
			c, err := LaesConfig(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, fejl := Tjek(c)
			if (len(fejl) > 0) != (x.kode == mox.KodeUgyldig) {
				t.Errorf("mox config: %v", fejl)
			}
			c.Listen = "127.0.0.1:0"
			a, err := Open(t.Context(), c, Options{})
			if mox.KodeAf(err) != x.kode || strings.Contains(err.Error(), "hemmelig-7") {
				t.Errorf("%v", err)
			}
			if err == nil {
				_ = a.Close()
			}
		})
	}
}
