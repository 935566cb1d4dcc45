package byggesag

import (
	"context"
	"database/sql"
	"encoding/xml"
	"fmt"
	"time"
)

// Types of documents and the ways they travel.
const (
	Ansoegning = "ANS"
	Tegning    = "TEG"
	Brev       = "BRV" // the decision that goes to the applicant

	Ind = "IND"
	Ud  = "UD"
)

// Dokument is one version of a document in a case.
type Dokument struct {
	Nr           string // e.g. D-000123
	Version      int    // from 1
	Sagsnr       string
	Titel        string
	Type         string    // Ansoegning, Tegning or Brev
	Retning      string    // Ind or Ud
	Brevdato     time.Time // only the date counts
	Endelse      string    // file name extension of the content: txt or pdf
	Indhold      []byte
	ModtagerCPR  string // only when Retning is Ud
	ModtagerNavn string
}

// fil is the path of the content, relative to ud.
func (d Dokument) fil() string { return fmt.Sprintf("filer/%s_%d.%s", d.Nr, d.Version, d.Endelse) }

// GemDokument registers a version of a document: version 1 makes it, a higher one replaces it. It will be in the next
// export. [ErrFindes] when that version is registered already, [ErrNummer] when it is not the next one or the case is
// not known.
func (s *System) GemDokument(ctx context.Context, d Dokument) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		var kendt bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sag WHERE nr = ?)`, d.Sagsnr).Scan(&kendt); err != nil {
			return err
		}
		if !kendt {
			return fmt.Errorf("%w: sag %s til dokument %s", ErrNummer, d.Sagsnr, d.Nr)
		}
		if err := naesteVersion(ctx, tx, "dokument", d.Nr, d.Version); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO dokument (nr, version, sagsnr, titel, type, retning, brevdato, endelse,
			indhold, modtager_cpr, modtager_navn) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
			d.Nr, d.Version, d.Sagsnr, d.Titel, d.Type, d.Retning, d.Brevdato.Format(dbDato), d.Endelse,
			d.Indhold, d.ModtagerCPR, d.ModtagerNavn)
		return err
	})
}

// nyeDokumenter reads up to limit versions that have not been exported, in the order they were registered.
func (s *System) nyeDokumenter(ctx context.Context, limit int) ([]Dokument, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT nr, version, sagsnr, titel, type, retning, brevdato, endelse, indhold,
		modtager_cpr, modtager_navn FROM dokument WHERE eksporteret = 0 ORDER BY lbnr LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var dokumenter []Dokument
	for rows.Next() {
		var d Dokument
		var brevdato string
		if err := rows.Scan(&d.Nr, &d.Version, &d.Sagsnr, &d.Titel, &d.Type, &d.Retning, &brevdato, &d.Endelse, &d.Indhold,
			&d.ModtagerCPR, &d.ModtagerNavn); err != nil {
			return nil, err
		}
		if d.Brevdato, err = time.Parse(dbDato, brevdato); err != nil {
			return nil, err
		}
		dokumenter = append(dokumenter, d)
	}
	return dokumenter, rows.Err()
}

// Journaliseret says whether the journal number of a document version has come back.
func (s *System) Journaliseret(ctx context.Context, nr string, version int) (bool, error) {
	var ja bool
	err := s.db.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM dokument WHERE nr = ? AND version = ? AND journalnr IS NOT NULL)`, nr, version).Scan(&ja)
	return ja, err
}

// The elements of a document file.
type (
	xmlDokumenter struct {
		XMLName    xml.Name `xml:"Dokumenter"`
		Loebenr    int      `xml:"Loebenr,attr"`
		Antal      int      `xml:"Antal,attr"`
		Dokumenter []xmlDokument
	}
	xmlDokument struct {
		XMLName  xml.Name `xml:"Dokument"`
		Nr       string   `xml:"Nr,attr"`
		Version  int      `xml:"Version,attr"`
		Sagsnr   string
		Titel    string
		Type     string
		Retning  string
		Brevdato string
		Fil      string
		Modtager *xmlModtager
	}
	xmlModtager struct {
		CPR  string `xml:"cpr,attr"`
		Navn string `xml:",chardata"`
	}
)

// dokumentXML is the content of a document file, in windows-1252.
func dokumentXML(loebenr int, dokumenter []Dokument) ([]byte, error) {
	rod := xmlDokumenter{Loebenr: loebenr, Antal: len(dokumenter)}
	for _, d := range dokumenter {
		e := xmlDokument{
			Nr: d.Nr, Version: d.Version, Sagsnr: d.Sagsnr, Titel: d.Titel, Type: d.Type, Retning: d.Retning,
			Brevdato: d.Brevdato.Format(dbDato), Fil: d.fil(),
		}
		if d.Retning == Ud {
			e.Modtager = &xmlModtager{CPR: d.ModtagerCPR, Navn: d.ModtagerNavn}
		}
		rod.Dokumenter = append(rod.Dokumenter, e)
	}
	krop, err := xml.MarshalIndent(rod, "", "  ")
	if err != nil {
		return nil, err
	}
	return windows1252("<?xml version=\"1.0\" encoding=\"windows-1252\"?>\r\n" + string(krop) + "\r\n"), nil
}
