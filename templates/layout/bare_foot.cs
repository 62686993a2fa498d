<?cs include!"macro/ui.cs" ?><?cs include!"layout/scripts.cs" ?></body>
</html>
