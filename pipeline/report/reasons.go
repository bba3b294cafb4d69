package report

func (w *words) reason(code string) string { return code }
