<?cs include!"part/doc.cs" ?><body>
