package snitflade

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/moxkit/mox"
)

// ManifestFormat names the form of a manifest, and its version.
const ManifestFormat = "mox-snitflademanifest-1"

// Manifest is what a vendor puts its name to: which product, in which version and scope, has which result.
type Manifest struct {
	Format      string     `json:"format"`
	Produkt     string     `json:"produkt"`
	Version     string     `json:"version"`
	Leverandoer string     `json:"leverandoer"`
	Omfang      Omfang     `json:"omfang"`
	Dom         Samlet     `json:"dom"`
	Optaelling  Optaelling `json:"optaelling"`
	Proevesaet  string     `json:"proevesaet"`
	Vaerktoej   string     `json:"vaerktoej"`
	Resultat    Fil        `json:"resultat"`
	Underskrift time.Time  `json:"underskrevet"` // when it was signed
}

// Fil is a file by its name and content.
type Fil struct {
	Navn   string `json:"navn"` // beside the manifest
	SHA256 string `json:"sha256"`
}

// underskrevet is a manifest's file. The signature is over the compact JSON of manifest, as json.Compact gives it.
type underskrevet struct {
	Manifest json.RawMessage `json:"manifest"`
	Signatur struct {
		Algoritme string `json:"algoritme"` // Ed25519
		Noegle    string `json:"noegle"`    // the public key, base64: whose it is, is to be known from elsewhere
		Vaerdi    string `json:"vaerdi"`    // base64
	} `json:"signatur"`
}

// Names of PEM blocks, as OpenSSL has them.
const (
	pemPrivat    = "PRIVATE KEY"
	pemOffentlig = "PUBLIC KEY"
)

// NyNoegle writes a new pair of Ed25519 keys: fil is the private one, which only its owner can read, and fil with .pub the
// public. Files that are there are not touched. The error is an [*mox.Error].
func NyNoegle(fil string) (offentlig string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	offentlig = fil + ".pub"
	p, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return "", err
	}
	o, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", err
	}
	if err := skrivNy(fil, pem.EncodeToMemory(&pem.Block{Type: pemPrivat, Bytes: p}), 0o600); err != nil {
		return "", err
	}
	return offentlig, skrivNy(offentlig, pem.EncodeToMemory(&pem.Block{Type: pemOffentlig, Bytes: o}), 0o644)
}

// skrivNy writes a file that is not there.
func skrivNy(fil string, b []byte, ret os.FileMode) error {
	f, err := os.OpenFile(fil, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ret)
	if os.IsExist(err) {
		return ugyldig("%s findes allerede", fil).Med("giv et andet navn; en nøgle, der er brugt, må ikke forsvinde")
	}
	if err == nil {
		if _, err = f.Write(b); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return ugyldig("%s kan ikke skrives", fil).Med("giv en mappe, der kan skrives i")
	}
	return nil
}

// laesNoegle reads a key of one kind from a PEM file.
func laesNoegle(fil, slags string) (any, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, ugyldig("nøglen %s kan ikke læses", fil).Med("lav en med mox snitfladetest noegle")
	}
	blok, _ := pem.Decode(b)
	if blok == nil || blok.Type != slags {
		return nil, ugyldig("%s er ikke en nøgle af den rette slags (PEM, %s)", fil, slags).Med("den private nøgle underskriver, og den, der ender på .pub, efterprøver")
	}
	var k any
	if slags == pemPrivat {
		k, err = x509.ParsePKCS8PrivateKey(blok.Bytes)
	} else {
		k, err = x509.ParsePKIXPublicKey(blok.Bytes)
	}
	if err != nil {
		return nil, ugyldig("nøglen i %s kan ikke læses", fil).Med("lav en med mox snitfladetest noegle")
	}
	return k, nil
}

// Underskriv makes the signed manifest of a result's file. It lies beside the result, as manifest.json. The error is an
// [*mox.Error].
func Underskriv(resultatfil, noeglefil string, nu time.Time) (manifestfil string, m Manifest, err error) {
	k, err := laesNoegle(noeglefil, pemPrivat)
	if err != nil {
		return "", m, err
	}
	priv, ok := k.(ed25519.PrivateKey)
	if !ok {
		return "", m, ugyldig("nøglen i %s er ikke en Ed25519-nøgle", noeglefil).Med("lav en med mox snitfladetest noegle")
	}
	r, err := LaesResultat(resultatfil)
	if err != nil {
		return "", m, err
	}
	sum, err := filsum(resultatfil)
	if err != nil {
		return "", m, err
	}
	m = r.manifest(Fil{filepath.Base(resultatfil), sum}, nu.UTC().Truncate(time.Second))
	b, err := json.Marshal(m)
	if err != nil {
		return "", m, err
	}
	u := underskrevet{Manifest: b}
	u.Signatur.Algoritme = "Ed25519"
	u.Signatur.Noegle = base64.StdEncoding.EncodeToString(priv.Public().(ed25519.PublicKey))
	u.Signatur.Vaerdi = base64.StdEncoding.EncodeToString(ed25519.Sign(priv, b))
	ud, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return "", m, err
	}
	manifestfil = filepath.Join(filepath.Dir(resultatfil), "manifest.json")
	if err := os.WriteFile(manifestfil, append(ud, '\n'), 0o644); err != nil {
		return "", m, ugyldig("%s kan ikke skrives", manifestfil).Med("giv en mappe, der kan skrives i")
	}
	return manifestfil, m, nil
}

// manifest is what a vendor signs for the result.
func (r *Resultat) manifest(f Fil, nu time.Time) Manifest {
	return Manifest{ManifestFormat, r.Produkt, r.Version, r.Leverandoer, r.Omfang, r.Dom, r.Optaelling, r.Proevesaet, r.Vaerktoej, f, nu}
}

func filsum(fil string) (string, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return "", ugyldig("resultatet %s kan ikke læses", fil).Med("læg resultatet ved siden af manifestet")
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Efterproev checks a manifest with the vendor's public key, without a network: that the key signed it, and that the result
// beside it is the one that was signed and says the same. The error is an [*mox.Error] with [mox.KodeUgyldig] that says what
// does not hold.
func Efterproev(manifestfil, noeglefil string) (m Manifest, err error) {
	k, err := laesNoegle(noeglefil, pemOffentlig)
	if err != nil {
		return m, err
	}
	pub, ok := k.(ed25519.PublicKey)
	if !ok {
		return m, ugyldig("nøglen i %s er ikke en Ed25519-nøgle", noeglefil).Med("bed leverandøren om nøglen, der hører til manifestet")
	}
	if m, err = laesManifest(manifestfil, pub); err != nil {
		return m, err
	}
	fil := filepath.Join(filepath.Dir(manifestfil), filepath.Base(m.Resultat.Navn))
	sum, err := filsum(fil)
	if err != nil {
		return m, err
	}
	if sum != m.Resultat.SHA256 {
		return m, ugyldig("%s er ikke det resultat, der er underskrevet: indholdet er et andet", fil).Med("bed leverandøren om filen igen")
	}
	r, err := LaesResultat(fil)
	if err != nil {
		return m, err
	}
	if o := r.optael(); r.Optaelling != o || r.Dom != o.dom() || !reflect.DeepEqual(m, r.manifest(m.Resultat, m.Underskrift)) {
		return m, ugyldig("manifestet siger noget andet end resultatet").Med("bed leverandøren om at køre testen igen")
	}
	return m, nil
}

// laesManifest reads a manifest that pub has signed.
func laesManifest(fil string, pub ed25519.PublicKey) (m Manifest, err error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return m, ugyldig("manifestet %s kan ikke læses", fil).Med("giv den manifest.json, leverandøren har leveret")
	}
	var u underskrevet
	var kompakt bytes.Buffer
	if json.Unmarshal(b, &u) != nil || json.Compact(&kompakt, u.Manifest) != nil || json.Unmarshal(u.Manifest, &m) != nil || m.Format != ManifestFormat || u.Signatur.Algoritme != "Ed25519" {
		return m, ugyldig("%s er ikke et manifest på formen %s", fil, ManifestFormat).Med("giv den manifest.json, leverandøren har leveret")
	}
	sig, err := base64.StdEncoding.DecodeString(u.Signatur.Vaerdi)
	if err != nil || !ed25519.Verify(pub, kompakt.Bytes(), sig) {
		raad := "det er ændret, siden det blev underskrevet"
		if u.Signatur.Noegle != base64.StdEncoding.EncodeToString(pub) {
			raad = "det er underskrevet med en anden nøgle; få den rigtige fra leverandøren ad en vej, du stoler på"
		}
		return m, mox.E("snitfladetest", mox.KodeUgyldig, "underskriften i %s passer ikke", fil).Med(raad)
	}
	return m, nil
}
