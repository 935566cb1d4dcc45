package problem

import (
	"net/http"

	"github.com/moxkit/mox"
)

type raekke struct {
	status int
	titel  string
}

// tabel is the only place where a kode becomes an HTTP status. Every [mox.Kode] has a row; a test compares.
var tabel = map[mox.Kode]raekke{
	mox.KodeUgyldig:         {http.StatusBadRequest, "Ugyldigt indhold"},
	mox.KodeUdenBeskedID:    {http.StatusBadRequest, "Beskeden har intet beskedID"},
	mox.KodeBeskedversion:   {http.StatusBadRequest, "Ukendt beskedversion"},
	mox.KodeAndetIndhold:    {http.StatusConflict, "beskedID er brugt til noget andet"},
	mox.KodeUenig:           {http.StatusBadRequest, "Metadata og indhold er uenige"},
	mox.KodeUdloebet:        {http.StatusGone, "Fristen er overskredet"},
	mox.KodeLoekke:          {http.StatusConflict, "Beskeder går i ring"},
	mox.KodeForaeldet:       {http.StatusConflict, "En nyere version er kendt"},
	mox.KodeIkkeFundet:      {http.StatusNotFound, "Findes ikke"},
	mox.KodeSlettet:         {http.StatusGone, "Slettet"},
	mox.KodeGlemt:           {http.StatusGone, "Slettet for altid"},
	mox.KodeForudsaetning:   {http.StatusPreconditionFailed, "Er ændret siden"},
	mox.KodeKonflikt:        {http.StatusConflict, "Noget er ændret imens"},
	mox.KodeIkkeTilladt:     {http.StatusForbidden, "Ikke tilladt"},
	mox.KodeIkkeLoggetInd:   {http.StatusUnauthorized, "Ikke logget ind"},
	mox.KodeForMange:        {http.StatusTooManyRequests, "For mange forsøg"},
	mox.KodeForStor:         {http.StatusRequestEntityTooLarge, "For stort"},
	mox.KodeUkendtReference: {http.StatusUnprocessableEntity, "Ukendt reference"},
	mox.KodePosition:        {http.StatusConflict, "Læst til et andet sted"},
	mox.KodeBekraeft:        {http.StatusPreconditionRequired, "Kræver en bekræftelse"},
	mox.KodeLaast:           {http.StatusLocked, "Datamappen er i brug"},
	mox.KodeDiskFuld:        {http.StatusInsufficientStorage, "Disken er fuld"},
	mox.KodeUtilgaengelig:   {http.StatusServiceUnavailable, "Svarer ikke nu"},
	mox.KodeIntern:          {http.StatusInternalServerError, "Fejl i MOX"},
}

// Status is the HTTP status of a kode; that of [mox.KodeIntern] for one that is not ours.
func Status(k mox.Kode) int {
	if r, ok := tabel[k]; ok {
		return r.status
	}
	return tabel[mox.KodeIntern].status
}
