package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/indhold/s3"
)

// Indhold is where documents' bytes are kept; nothing is the folder indhold in the data folder.
type Indhold struct {
	S3 *S3 `yaml:"s3"`
}

// S3 is an object store, for several mox serve on one database.
type S3 struct {
	URL         string `yaml:"url"` // https://host:port
	Region      string `yaml:"region"`
	Bucket      string `yaml:"bucket"`
	Forled      string `yaml:"forled"`      // of the objects' names, for a bucket that others use too
	Noegle      string `yaml:"noegle"`      // the access key's id
	Hemmelighed string `yaml:"hemmelighed"` // file with the access key's secret
	CA          string `yaml:"ca"`          // PEM file with the store's issuer; empty = the machine's own
}

// indholdsmappe is where the documents are, and with an object store those that have no name yet.
func (c *Config) indholdsmappe() string { return filepath.Join(c.Dir, "indhold") }

// s3Options are those of mox.yaml for an installation: what another has in the same bucket is not seen.
func (c *Config) s3Options(installation string) (o s3.Options, err error) {
	s := c.Indhold.S3
	if s.URL == "" || s.Bucket == "" || s.Noegle == "" || s.Hemmelighed == "" {
		return o, mox.E("config", mox.KodeUgyldig, "indhold.s3 kræver url, bucket, noegle og hemmelighed").Med("udfyld dem, eller slet indhold.s3; så ligger dokumenterne i datamappen")
	}
	o = s3.Options{URL: s.URL, Region: s.Region, Bucket: s.Bucket, Prefix: s.Forled + installation + "/", Key: s.Noegle, Dir: c.indholdsmappe()}
	if o.Secret, err = c.hemmelighed("indhold.s3.hemmelighed", s.Hemmelighed); err != nil {
		return o, err
	}
	if s.CA != "" {
		if o.CA, err = c.pulje("indhold.s3.ca", s.CA); err != nil {
			return o, err
		}
	}
	if err := o.Check(); err != nil {
		return o, mox.E("config", mox.KodeUgyldig, "indhold.s3.url er ikke en adresse som https://vært:port, uden bruger og sti").Med("ret den i mox.yaml")
	}
	return o, nil
}

// tjekIndhold finds out whether the object store can be used as it is written, without asking it.
func (c *Config) tjekIndhold() error {
	if c.Indhold.S3 == nil {
		return nil
	}
	_, err := c.s3Options("")
	return err
}

// aabnIndhold opens where an installation's documents are kept.
func (c *Config) aabnIndhold(ctx context.Context, installation string) (*indhold.Lager, error) {
	l, err := indhold.Open(c.indholdsmappe())
	if err != nil {
		return nil, mappefejl(c.Dir, err)
	}
	if c.Indhold.S3 == nil {
		return l, nil
	}
	o, err := c.s3Options(installation)
	if err != nil {
		return nil, err
	}
	s, err := s3.Open(o)
	if err == nil {
		err = s.Check(ctx)
	}
	if errors.Is(err, s3.ErrVersions) {
		return nil, mox.E("indhold", mox.KodeUgyldig, "indhold.s3.bucket gemmer gamle versioner, så det, MOX sletter, ville blive liggende").Med("brug en bucket uden versionering")
	}
	if err != nil {
		e := mox.E("indhold", mox.KodeUtilgaengelig, "objektlageret kan ikke bruges: %v", err).Med("se, om det kører, og om indhold.s3 i mox.yaml er rigtig")
		e.Err = err
		return nil, e
	}
	return indhold.New(s), nil
}

// flytHver is how many documents are moved between two lines in the log.
const flytHver = 1000

// flytIndhold moves to the object store what the folder had before there was one.
func (a *App) flytIndhold(ctx context.Context) error {
	if a.config.Indhold.S3 == nil {
		return nil
	}
	mappe, err := indhold.Open(a.config.indholdsmappe())
	if err != nil {
		return mappefejl(a.config.Dir, err)
	}
	flyttet := 0
	beskadigede, err := mappe.Flyt(ctx, a.indhold, func(n int) {
		if flyttet = n; n%flytHver == 0 {
			a.log.Info("dokumenter flyttes fra mappen til objektlageret, før MOX starter", "indtil_nu", n)
		}
	})
	for _, sha := range beskadigede {
		a.log.Error("et dokument i mappen er ikke det, der blev gemt, og er ikke flyttet til objektlageret", "sha256", sha)
	}
	if flyttet > 0 {
		a.log.Info("dokumenter er flyttet fra mappen til objektlageret", "antal", flyttet)
	}
	return err
}

// Lager opens where the data folder's mox.yaml says that an installation's documents are kept.
func Lager(ctx context.Context, dir, installation string) (*indhold.Lager, error) {
	c, err := LaesConfig(dir)
	if err != nil {
		return nil, err
	}
	return c.aabnIndhold(ctx, installation)
}
