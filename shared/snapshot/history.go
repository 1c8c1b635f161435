package snapshot

import "liuke/shared/customer"

// historyColumn is the one column of a snapshot that histories alone are read from.
type historyColumn struct {
	History []byte `parquet:"history"`
}

// Histories reads the encoded histories alone from a file that Encode made, in the order of its rows; no names are needed.
// It returns an Internal error for anything else.
func Histories(file []byte) ([][]byte, error) {
	rows, err := decode[historyColumn](file)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(rows))
	for i := range rows {
		out[i] = rows[i].History
	}
	return out, nil
}

// Names reads the ids that EncodeNames wrote, in the order of the rows. It returns an Internal error for anything else.
func Names(file []byte) ([]customer.ID, error) {
	rows, err := decode[name](file)
	if err != nil {
		return nil, err
	}
	out := make([]customer.ID, len(rows))
	for i := range rows {
		out[i] = customer.ID(rows[i].ID)
	}
	return out, nil
}
