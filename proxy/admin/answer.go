package admin

import (
	"encoding/json"
	"net/http"
)

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("admin: an answer cannot be written as JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error is the client's going away
}

// problem is the body of an answer that says what is wrong.
type problem struct {
	Error string `json:"error"`
}

// fail answers what is wrong.
func fail(w http.ResponseWriter, status int, msg string) { answer(w, status, problem{msg}) }

// answerText writes plain text.
func answerText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // an error is the client's going away
}
