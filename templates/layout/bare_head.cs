<?cs include!"layout/doc.cs" ?><body>
