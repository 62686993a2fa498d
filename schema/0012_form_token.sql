-- Single-use tokens of forms are signed, and used up as rows of idem.
DROP TABLE form_token;
