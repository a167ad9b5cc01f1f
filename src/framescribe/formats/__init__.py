"""How trainers' files hold videos and captions: one file per trainer, which writes them and reads them as it does."""
