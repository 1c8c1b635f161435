package comment

import "liuke/shared/survey"

// Answer returns what an answer to a survey keeps of the insight.
func (i Insight) Answer() survey.Insight {
	kept := survey.Insight{Language: i.Language, Sentiment: string(i.Sentiment), Keywords: i.Keywords}
	for _, t := range i.Topics {
		kept.Topics = append(kept.Topics, string(t))
	}
	return kept
}
