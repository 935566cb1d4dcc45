package kopi

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
)

// maksOpsaetning is how many bytes one file of the configuration may have, and maksFiler how many files there may be.
const (
	maksOpsaetning = 16 << 20
	maksFiler      = 10_000
	opsaetningsfil = "mox.yaml"
)

// opsaetning are the files of the configuration.
type opsaetning struct {
	dir     string
	med     []string // in the data folder, relative to it; mox.yaml first
	udenfor []string // named, but elsewhere
}

// findOpsaetning finds mox.yaml, the files it names, the files those name, and so on. A folder without mox.yaml has none.
func findOpsaetning(dir string) (o opsaetning, err error) {
	o.dir = dir
	o.tag(opsaetningsfil)
	for i := 0; i < len(o.med); i++ {
		if len(o.med) > maksFiler {
			return o, mox.E("backup", mox.KodeForStor, "opsætningen nævner mere end %d filer", maksFiler).Med("nævn dem ikke én for én i mox.yaml")
		}
		if err := o.naevntI(o.med[i]); err != nil {
			return o, err
		}
	}
	slices.Sort(o.udenfor)
	return o, nil
}

// tag takes a file if it is there.
func (o *opsaetning) tag(sti string) {
	info, err := os.Stat(filepath.Join(o.dir, sti))
	if err == nil && info.Mode().IsRegular() && !slices.Contains(o.med, sti) {
		o.med = append(o.med, sti)
	}
}

func (o *opsaetning) naevntI(sti string) error {
	if e := filepath.Ext(sti); e != ".yaml" && e != ".yml" {
		return nil
	}
	b, err := o.laes(sti)
	if err != nil {
		return err
	}
	var v any
	if yaml.Unmarshal(b, &v) != nil {
		return nil // mox serve tells what is wrong with it; the copy has it as it is
	}
	o.ord(filepath.Dir(sti), v)
	return nil
}

func (o *opsaetning) laes(sti string) ([]byte, error) {
	fil := filepath.Join(o.dir, sti)
	info, err := os.Stat(fil)
	if err == nil && info.Size() > maksOpsaetning {
		return nil, mox.E("backup", mox.KodeForStor, "filen %s er på mere end %d MB", fil, maksOpsaetning>>20).Med("læg den et andet sted; opsætningen kan ikke have så store filer")
	}
	if err == nil {
		var b []byte
		if b, err = os.ReadFile(fil); err == nil {
			return b, nil
		}
	}
	return nil, &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "backup", Tekst: "filen " + fil + " kan ikke læses", Raad: "giv MOX' bruger ret til at læse den", Err: err}
}

// ord looks at every text in a file: a text that is the name of a file, from where it stands, names that file.
func (o *opsaetning) ord(fra string, v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			o.ord(fra, e)
		}
	case []any:
		for _, e := range x {
			o.ord(fra, e)
		}
	case string:
		o.navn(fra, strings.TrimPrefix(x, "file:"))
	}
}

func (o *opsaetning) navn(fra, s string) {
	if s == "" || len(s) > 1024 || strings.ContainsAny(s, "\n\x00") {
		return
	}
	if !filepath.IsAbs(s) {
		s = filepath.Join(o.dir, fra, s)
	}
	if e := filepath.Ext(s); (e == ".yaml" || e == ".yml") && strings.ContainsAny(s, "*?[") { // aftaler/*.yaml
		filer, _ := filepath.Glob(s) // a pattern that cannot be read names no file
		for _, f := range filer {
			o.fil(f)
		}
		return
	}
	o.fil(s)
}

// fil takes a file that is named.
func (o *opsaetning) fil(s string) {
	rel, err := filepath.Rel(o.dir, s)
	switch info, e := os.Stat(s); {
	case e != nil || !info.Mode().IsRegular():
	case err == nil && filepath.IsLocal(rel):
		if !egen(rel) {
			o.tag(rel)
		}
	case !slices.Contains(o.udenfor, s):
		o.udenfor = append(o.udenfor, s)
	}
}

// egen reports whether a file is one that MOX keeps itself, and that has its own way into a copy or none.
func egen(sti string) bool {
	foerste, _, _ := strings.Cut(filepath.ToSlash(sti), "/")
	return slices.Contains([]string{"mox.db", "mox.db-wal", "mox.db-shm", "reserve", "laas", "adresse", "lokal.noegle", "indhold", GlemteFil}, foerste)
}

var databaselinje = regexp.MustCompile(`(?m)^database:.*$`)

// medDatabase is mox.yaml with another database; "" is the folder's own SQLite.
func medDatabase(b []byte, url string) ([]byte, error) {
	linje := ""
	if url != "" {
		kant, err := yaml.Marshal(url)
		if err != nil {
			return nil, err
		}
		linje = "database: " + strings.TrimSpace(string(kant))
	}
	ud := databaselinje.ReplaceAllLiteral(b, []byte(linje))
	if url != "" && !databaselinje.Match(b) {
		ud = append([]byte(linje+"\n"), b...)
	}
	if har, err := databaseI(ud); err != nil || har != url {
		return nil, mox.E("restore", mox.KodeUgyldig, "database i kopiens mox.yaml kan ikke skiftes ud").Med("genskab uden --database, og ret mox.yaml bagefter")
	}
	return ud, nil
}

// indholdsafsnit is where mox.yaml says that documents are kept.
var indholdsafsnit = regexp.MustCompile(`(?m)^indhold:.*\n?(?:(?:[ \t].*)?\n)*(?:[ \t].*)?`)

// udenIndhold is mox.yaml without it: then they are kept in the folder.
func udenIndhold(b []byte) ([]byte, error) {
	ud := indholdsafsnit.ReplaceAllLiteral(b, nil)
	var c struct {
		Indhold any `yaml:"indhold"`
	}
	if err := yaml.Unmarshal(ud, &c); err != nil || c.Indhold != nil {
		return nil, mox.E("restore", mox.KodeUgyldig, "indhold i kopiens mox.yaml kan ikke tages ud").Med("genskab uden --indhold")
	}
	return ud, nil
}

// databaseI is the database that a mox.yaml names.
func databaseI(b []byte) (string, error) {
	var c struct {
		Database string `yaml:"database"`
	}
	if err := yaml.Unmarshal(b, &c); err != nil {
		return "", err
	}
	return c.Database, nil
}

func findesIkke(err error) bool { return errors.Is(err, fs.ErrNotExist) }
